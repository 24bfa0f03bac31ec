"""A season that is over offers nothing that fails."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from factories import LIGNIERES, POINCONNET, apply, call_as, day, make_participant
from helpers.browser import World
from helpers.crawler import Crawl
from helpers.snapshots import MadeOnce

ROLES = (None, "applicant", "member", "adviser", "manager", "sysadmin")


@pytest.fixture
def over(request: pytest.FixtureRequest, world: World, made_once: MadeOnce) -> str:
    """The name of a season that is over, with a bit of everything left in it."""
    return made_once(f"views {request.param}", lambda: _over(world, request.param))


def _over(world: World, state: str) -> str:
    people, cohort = world.people, world.open_cohort["id"]
    manager, member = people["manager"], people["member"]
    joined = make_participant(world.open_cohort, POINCONNET)
    left = make_participant(world.open_cohort, LIGNIERES[0])
    call_as(
        people["sysadmin"],
        "member_create",
        id=joined["organization_id"],
        object=member["id"],
        object_type="user",
        capacity="admin",
    )
    call_as(
        manager,
        "challenge_participant_assign",
        id=joined["id"],
        adviser=people["adviser"]["id"],
    )
    waits = apply(world.open_cohort, LIGNIERES[1], contact_email="autre@example.org")
    call_as(manager, "challenge_application_note_create", id=waits["id"], text="Lue.")
    call_as(
        people["applicant"],
        "challenge_application_message_create",
        id=world.application["id"],
        text="Bonjour",
    )
    call_as(manager, "challenge_application_review", id=waits["id"], decision="start")
    call_as(
        manager,
        "challenge_application_review",
        id=waits["id"],
        decision="refuse",
        reason="Hors du territoire.",
        pending=True,
    )
    call_as(manager, "challenge_late_code_create", cohort=cohort)
    call_as(manager, "challenge_cohort_transition", id=cohort, to="running")
    call_as(
        member,
        "challenge_step_update",
        participant=joined["id"],
        step="elu-referent",
        state="in_progress",
        note="Nous cherchons.",
        planned_for=day(3).isoformat(),
    )
    call_as(
        people["adviser"],
        "challenge_visit_create",
        participant=joined["id"],
        date="2026-03-02",
        days=1,
        topic="Rencontre",
    )
    call_as(
        member,
        "challenge_participant_message_create",
        participant=joined["id"],
        text="Bonjour",
    )
    call_as(
        manager,
        "challenge_step_waive",
        participant=joined["id"],
        step="choix-licence",
        reason="Sans objet.",
    )
    call_as(
        manager,
        "challenge_award_create",
        badge="engagee",
        organization=joined["organization_id"],
        cohort=cohort,
        reason="Pour son travail",
    )
    call_as(
        manager,
        "challenge_participant_withdraw",
        id=left["id"],
        reason="Plus personne pour suivre.",
    )
    for following in ("finished", "archived"):
        call_as(manager, "challenge_cohort_transition", id=cohort, to=following)
        if following == state:
            break
    return world.open_cohort["name"]


@pytest.fixture
def walk(
    browser: Callable[..., Any], world: World, over: str, ckan_config: dict[str, Any]
) -> Iterator[Callable[[str | None], Crawl]]:
    """Goes through all that somebody finds in the season, and answers what failed."""
    desk = re.compile(rf"/challenge/(manage/)?{over}\b|/challenge/application/")
    typed = {
        "user": world.people["stranger"]["name"],
        "launch": day(400).isoformat(),
        "ends_on": day(30).isoformat(),
        "author": "Une élue",
    }

    def from_the_start(role: str | None) -> Crawl:
        starts = [f"/challenge/{over}"]
        if role == "applicant":
            starts.append(f"/challenge/application/{world.application['id']}")
        if role in ("adviser", "manager", "sysadmin"):
            starts.append(f"/challenge/manage/{over}")
        crawl = Crawl(browser(role), desk, typed, frozenset({"ids"}))
        return crawl.run(*starts)

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.dict(ckan_config, {"ckan.storage_path": folder}),
    ):
        yield from_the_start


#: The state of a season that is over, and who walks through it. What an archived one
#: offers less is the same for all of a team.
WALKS = [("finished", role) for role in ROLES]
WALKS += [("archived", role) for role in (None, "member", "manager")]


@pytest.mark.seconds(20)
@pytest.mark.parametrize(("over", "role"), WALKS, indirect=["over"])
def test_each_link_answers_and_each_form_is_taken(
    walk: Callable[[str | None], Crawl], over: str, role: str | None
) -> None:
    crawl = walk(role)
    assert crawl.wrong == []
    # It went where it should.
    assert f"/challenge/{over}/le-poinconnet" in crawl.pages
    offered = " ".join(crawl.forms)
    assert "/subscription" in offered
    assert ("decision=refuse" in offered) == (role in ("manager", "sysadmin"))
    assert "decision=accept" not in offered
    if role in ("manager", "sysadmin"):
        assert f"/challenge/manage/{over}/state" in crawl.pages
        assert len(crawl.forms) > 20

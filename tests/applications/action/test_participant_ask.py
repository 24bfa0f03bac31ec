"""An organization that exists is asked whether it takes part, and answers itself."""

from __future__ import annotations

from functools import partial
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import BAULE, call_as, collectivites, make_cohort
from helpers.concurrency import at_once

from ckanext.challenge.common import journal
from ckanext.challenge.model import Claim, Mail, Participant
from ckanext.challenge.notifications import outbox

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

ASK = "challenge_participant_ask"
ANSWER = "challenge_claim_answer"


@pytest.fixture
def admin() -> dict[str, Any]:
    collectivites()
    return factories.Sysadmin()


@pytest.fixture
def manager(admin: dict[str, Any]) -> dict[str, Any]:
    user = factories.User()
    for season in (make_cohort(), make_cohort(name="saison-3", season=3, capacity=1)):
        call_as(
            admin,
            "challenge_staff_create",
            cohort=season["id"],
            user=user["id"],
            role="manager",
        )
    return user


@pytest.fixture
def town(admin: dict[str, Any]) -> dict[str, Any]:
    admins = [factories.User(), factories.User()]
    users = [{"name": user["name"], "capacity": "admin"} for user in admins]
    # CKAN adds who makes it.
    group = factories.Organization(siren=BAULE, title="Ville de Baule", users=users)
    return {**group, "admins": admins}


def _told(kind: str) -> set[str | None]:
    return {mail.user_id for mail in model.Session.query(Mail).filter_by(kind=kind)}


def _participants() -> int:
    model.Session.expire_all()
    return model.Session.query(Participant).count()


def _refused(who: dict[str, Any], action: str, **data: Any) -> Any:
    with pytest.raises(tk.ValidationError) as caught:
        call_as(who, action, **data)
    model.Session.rollback()
    return caught.value.error_dict


def test_nothing_happens_before_one_of_its_admins_says_yes(
    manager: dict[str, Any], town: dict[str, Any], mailbox: Any
) -> None:
    asked = call_as(manager, ASK, cohort="saison-2", organization=town["name"])
    assert (asked["state"], asked["application_id"]) == ("asked", None)
    assert asked["asked_by"] == manager["display_name"]
    assert asked["cohort"] == "saison-2"
    assert {user["id"] for user in town["admins"]} <= _told("participation_asked")
    assert _participants() == 0
    first = town["admins"][0]
    listed = call_as(first, "challenge_claim_list", organization=town["id"])
    assert listed["results"] == [call_as(first, "challenge_claim_show", id=asked["id"])]
    assert call_as(manager, "challenge_claim_list", cohort="saison-2")["count"] == 1
    # Who asks does not answer, nor does a stranger.
    for who in (manager, factories.User()):
        with pytest.raises(tk.NotAuthorized):
            call_as(who, ANSWER, id=asked["id"], accepted=True)
    before = model.Session.query(model.Member).count()
    yes = call_as(first, ANSWER, id=asked["id"], accepted=True)
    assert (yes["state"], yes["answered_by"]) == ("accepted", first["display_name"])
    (participant,) = model.Session.query(Participant).all()
    assert participant.organization_id == town["id"]
    assert participant.application_id is None
    assert not participant.organization_created
    # Nobody gets a role by it.
    assert model.Session.query(model.Member).count() == before
    assert _told("participation_agreed") == {manager["id"]}
    assert journal.verify() == []
    outbox.send_due()
    (mail,) = mailbox.to(first["email"])
    assert f"/challenge/claim/{asked['id']}" in mail.get_body(("plain",)).get_content()


def test_a_no_is_told_with_its_reason_and_asked_once(
    manager: dict[str, Any], town: dict[str, Any]
) -> None:
    asked = call_as(manager, ASK, cohort="saison-2", organization=town["id"])
    first = town["admins"][0]
    assert "reason" in _refused(first, ANSWER, id=asked["id"], accepted=False)
    call_as(first, ANSWER, id=asked["id"], accepted=False, reason="Pas cette année.")
    assert _participants() == 0
    assert _told("participation_declined") == {manager["id"]}
    shown = call_as(manager, "challenge_claim_show", id=asked["id"])
    assert shown["reason"] == "Pas cette année."
    again = {"cohort": "saison-2", "organization": town["id"]}
    assert "organization" in _refused(manager, ASK, **again)
    # They may think again.
    call_as(town["admins"][1], ANSWER, id=asked["id"], accepted=True)
    assert _participants() == 1


def test_who_cannot_be_asked(
    admin: dict[str, Any], manager: dict[str, Any], town: dict[str, Any]
) -> None:
    mine = {"cohort": "saison-2", "organization": town["id"]}
    joined = call_as(admin, "challenge_participant_create", **mine)
    assert "organization" in _refused(manager, ASK, **mine)
    call_as(admin, "challenge_participant_withdraw", id=joined["id"], reason="Non.")
    assert "take it back" in _refused(manager, ASK, **mine)["organization"][0]
    with pytest.raises(tk.ObjectNotFound):
        call_as(manager, ASK, cohort="saison-2", organization="nulle-part")
    for who in (factories.User(), town["admins"][0]):
        with pytest.raises(tk.NotAuthorized):
            call_as(who, ASK, **mine)
    call_as(admin, "challenge_cohort_transition", id="saison-3", to="running")
    call_as(admin, "challenge_cohort_transition", id="saison-3", to="finished")
    over = {"cohort": "saison-3", "organization": town["id"]}
    assert "cohort" in _refused(manager, ASK, **over)


def test_an_organization_without_admins_is_answered_for_by_sysadmins(
    admin: dict[str, Any], manager: dict[str, Any]
) -> None:
    empty = factories.Organization()
    model.Session.query(model.Member).filter_by(group_id=empty["id"]).delete()
    model.Session.commit()
    named = {"cohort": "saison-2", "organization": empty["id"]}
    # A sysadmin need not ask.
    assert "organization" in _refused(admin, ASK, **named)
    asked = call_as(manager, ASK, **named)
    assert admin["id"] in _told("participation_asked")
    call_as(admin, ANSWER, id=asked["id"], accepted=True)
    assert _participants() == 1


def test_a_yes_counts_while_there_is_a_place_and_the_season_goes_on(
    admin: dict[str, Any], manager: dict[str, Any], town: dict[str, Any]
) -> None:
    other = factories.Organization()
    asked = call_as(manager, ASK, cohort="saison-3", organization=town["id"])
    call_as(
        admin,
        "challenge_participant_create",
        cohort="saison-3",
        organization=other["id"],
    )
    full = {"cohort": "saison-3", "organization": factories.Organization()["id"]}
    assert "cohort" in _refused(manager, ASK, **full)
    first = town["admins"][0]
    assert "accepted" in _refused(first, ANSWER, id=asked["id"], accepted=True)
    second = call_as(manager, ASK, cohort="saison-2", organization=town["id"])
    for state in ("running", "finished"):
        call_as(admin, "challenge_cohort_transition", id="saison-2", to=state)
    assert "accepted" in _refused(first, ANSWER, id=second["id"], accepted=True)
    assert _participants() == 1
    states = {claim.state for claim in model.Session.query(Claim)}
    assert states == {"asked"}


def test_two_who_ask_at_once_ask_once(
    admin: dict[str, Any], manager: dict[str, Any], town: dict[str, Any], app: Any
) -> None:
    def ask(who: dict[str, Any]) -> Any:
        with app.flask_app.test_request_context():
            return call_as(who, ASK, cohort="saison-2", organization=town["id"])

    told = at_once(app, partial(ask, admin), partial(ask, manager))
    assert sorted(type(one).__name__ for one in told) == ["ValidationError", "dict"]
    model.Session.rollback()
    assert model.Session.query(Claim).count() == 1

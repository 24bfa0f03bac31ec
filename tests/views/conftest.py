"""A season with people in every role, and a browser without a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
)
from helpers.browser import PASSWORD, PERSONAL, Browser, World
from helpers.snapshots import MadeOnce


@pytest.fixture
def world(made_once: MadeOnce) -> World:
    """People of each role around one season; names as PERSONAL stay secret."""
    return made_once("views", _world)


def _world() -> World:
    collectivites()
    people: dict[str, dict[str, Any]] = {
        role: factories.User(password=PASSWORD)
        for role in ("applicant", "member", "adviser", "manager", "stranger")
    }
    people["sysadmin"] = factories.Sysadmin(password=PASSWORD)
    cohort = make_cohort("running", testimonials=[{"quote": "Bien.", "author": "X"}])
    open_cohort = make_cohort("open", name="saison-3", season=3, title="Saison 3")
    for role in ("adviser", "manager"):
        for season in (cohort, open_cohort):
            make_staff(season, role, people[role], by=people["sysadmin"])
    made = []
    for siren in (BAULE, POINCONNET):
        organization = factories.Organization(
            name=f"commune-{siren}", title=f"Commune {siren}"
        )
        made.append(
            call_as(
                people["sysadmin"],
                "challenge_participant_create",
                cohort=cohort["id"],
                organization=organization["id"],
            )
        )
    participant = made[0]
    call_as(
        people["sysadmin"],
        "member_create",
        id=participant["organization_id"],
        object=people["member"]["id"],
        object_type="user",
        capacity="editor",
    )
    call_as(
        people["manager"],
        "challenge_participant_assign",
        id=participant["id"],
        adviser=people["adviser"]["id"],
    )
    application = apply(open_cohort, BAULE, people["applicant"], True, **PERSONAL)
    award = call_as(
        people["manager"],
        "challenge_award_create",
        badge="engagee",
        organization=participant["organization_id"],
        cohort=cohort["id"],
        reason="Pour la démonstration",
    )
    dataset = factories.Dataset(
        owner_org=participant["organization_id"],
        title="Délibérations & <arrêtés>",
        challenge_kit="deliberations",
        resources=[{"url": "https://www.example.org/a.csv", "format": "CSV"}],
    )
    return World(cohort, open_cohort, participant, application, award, dataset, people)


@pytest.fixture
def browser(app: Any, world: World) -> Callable[..., Browser]:
    """Makes a browser, for somebody of the world or for nobody."""

    def make(role: str | None = None) -> Browser:
        made = Browser(app)
        return made.sign_in(world.people[role]) if role else made

    return make

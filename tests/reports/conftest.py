"""A season with two participants, one of which published."""

from __future__ import annotations

from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    call_as,
    collectivites,
    day,
    make_cohort,
    make_participant,
    make_staff,
)
from helpers.progress import publish

from ckanext.challenge import programmes
from ckanext.challenge.model import StepStatus
from ckanext.challenge.progress import evaluate


@pytest.fixture
def admin(clean_db: None) -> dict[str, Any]:
    return factories.Sysadmin()


@pytest.fixture
def season(clean_index: None, admin: dict[str, Any]) -> list[dict[str, Any]]:
    """A running season: Baule did all that is asked, Le Poinçonnet published."""
    collectivites()
    cohort = make_cohort()
    joined = [make_participant(cohort, siren) for siren in (BAULE, POINCONNET)]
    call_as(admin, "challenge_cohort_transition", id="saison-2", to="running")
    required = programmes.get("saison").required
    model.Session.query(StepStatus).filter(
        StepStatus.participant_id == joined[0]["id"], StepStatus.step.in_(required)
    ).update({"state": "waived"}, synchronize_session=False)
    model.Session.commit()
    publish(joined[1]["organization_id"])
    evaluate.evaluate()
    return joined


@pytest.fixture
def adviser(season: list[dict[str, Any]], admin: dict[str, Any]) -> dict[str, Any]:
    """Who made a visit of a day and a half to Baule, and plans one of half a day."""
    person = factories.User(fullname="Ana Conseil")
    make_staff("saison-2", "adviser", person, by=admin)
    call_as(
        admin,
        "challenge_participant_assign",
        id=season[0]["id"],
        adviser=person["id"],
    )
    for date, days in (("2026-03-02", 1.5), (day(5).isoformat(), 0.5)):
        call_as(
            admin,
            "challenge_visit_create",
            participant=season[0]["id"],
            date=date,
            days=days,
            topic="Rencontre",
            adviser=person["id"],
        )
    return person

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
from helpers.snapshots import MadeOnce

from ckanext.challenge import programmes
from ckanext.challenge.model import StepStatus
from ckanext.challenge.progress import evaluate


class World:
    """A running season: Baule did all that is asked, Le Poinçonnet published.

    :param advised: whether an adviser made a visit of a day and a half to Baule, and
        plans one of half a day
    """

    def __init__(self, advised: bool) -> None:
        self.admin = factories.Sysadmin()
        collectivites()
        cohort = make_cohort()
        self.season = [make_participant(cohort, siren) for siren in (BAULE, POINCONNET)]
        call_as(self.admin, "challenge_cohort_transition", id="saison-2", to="running")
        required = programmes.get("saison").required
        model.Session.query(StepStatus).filter(
            StepStatus.participant_id == self.season[0]["id"],
            StepStatus.step.in_(required),
        ).update({"state": "waived"}, synchronize_session=False)
        model.Session.commit()
        publish(self.season[1]["organization_id"])
        evaluate.evaluate()
        self.adviser = self._advised() if advised else None

    def _advised(self) -> dict[str, Any]:
        person = factories.User(fullname="Ana Conseil")
        make_staff("saison-2", "adviser", person, by=self.admin)
        call_as(
            self.admin,
            "challenge_participant_assign",
            id=self.season[0]["id"],
            adviser=person["id"],
        )
        for date, days in (("2026-03-02", 1.5), (day(5).isoformat(), 0.5)):
            call_as(
                self.admin,
                "challenge_visit_create",
                participant=self.season[0]["id"],
                date=date,
                days=days,
                topic="Rencontre",
                adviser=person["id"],
            )
        return person


@pytest.fixture
def _world(request: pytest.FixtureRequest, made_once: MadeOnce) -> World:
    advised = "adviser" in request.fixturenames
    return made_once(f"{__name__} {advised}", lambda: World(advised))


@pytest.fixture
def admin(_world: World) -> dict[str, Any]:
    return _world.admin


@pytest.fixture
def season(_world: World) -> list[dict[str, Any]]:
    return _world.season


@pytest.fixture
def adviser(_world: World) -> dict[str, Any]:
    assert _world.adviser is not None
    return _world.adviser

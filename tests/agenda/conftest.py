"""Two seasons with a team, applications and participants, to ask what waits."""

from __future__ import annotations

from typing import Any

import pytest
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
)
from helpers.snapshots import MadeOnce

from ckanext.challenge.model import Participant


class World:
    """A running season with two participants, an open one with two applications."""

    def __init__(self) -> None:
        collectivites()
        self.admin = factories.Sysadmin()
        self.running = make_cohort("running")
        self.open = make_cohort(name="saison-3", title="Saison 3", season=3)
        self.people = {
            role: factories.User(fullname=f"Name of {role}")
            for role in ("manager", "second", "adviser", "editor", "stranger")
        }
        self.people["admin"] = self.admin
        for cohort in (self.running, self.open):
            for role in ("manager", "second"):
                make_staff(cohort, "manager", self.people[role], by=self.admin)
        make_staff(self.running, "adviser", self.people["adviser"], by=self.admin)
        self.organizations = [
            factories.Organization(
                name=f"commune-{siren}",
                title=f"Commune {siren}",
                siren=siren,
                users=[{"name": self.people["editor"]["name"], "capacity": "editor"}],
            )
            for siren in (BAULE, POINCONNET)
        ]
        self.participants: list[str] = [
            call_as(
                self.admin,
                "challenge_participant_create",
                cohort=self.running["id"],
                organization=organization["id"],
            )["id"]
            for organization in self.organizations
        ]
        self.first = self.participants[0]
        call_as(
            self.admin,
            "challenge_participant_assign",
            id=self.first,
            adviser=self.people["adviser"]["id"],
        )
        self.applications: list[str] = [
            apply(self.open, siren)["id"] for siren in LIGNIERES
        ]

    def call(self, who: str, action: str, **data: Any) -> Any:
        return call_as(self.people[who], f"challenge_{action}", **data)

    def agenda(self, who: str = "manager", **asked: Any) -> dict[str, Any]:
        return self.call(who, "agenda_show", **asked)

    def kinds(self, who: str = "manager", **asked: Any) -> list[str]:
        return sorted(row["kind"] for row in self.agenda(who, **asked)["results"])

    def participant(self, number: int = 0) -> Participant:
        found = Participant.get(self.participants[number])
        assert found is not None
        return found


@pytest.fixture
def world(made_once: MadeOnce) -> World:
    return made_once("agenda", World)

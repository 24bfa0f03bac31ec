"""A season with a team and five participants, for the tests of the board."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ckan import model
from ckan.tests import factories
from factories import BAULE, call_as, collectivites, day, make_cohort, make_staff

from ckanext.challenge.domain import visits
from ckanext.challenge.model import Participant, Visit

LETTERS = "abcde"


class Board:
    """A season that runs, and its participants ``a`` to ``e``; of ``a`` there is an
    editor, and all that the directory knows.
    """

    def __init__(self) -> None:
        collectivites()
        self.admin = factories.Sysadmin()
        self.cohort = make_cohort(
            "running",
            application_opens=day(-120).isoformat(),
            application_deadline=day(-70).isoformat(),
            launch=day(-60).isoformat(),
            days_per_participant=12,
        )
        self.manager = make_staff(self.cohort, by=self.admin)
        self.adviser = make_staff(
            self.cohort,
            "adviser",
            factories.User(fullname="Camille Roux"),
            by=self.admin,
        )
        self.editor = factories.User()
        self.organizations = {
            letter: factories.Organization(
                name=f"commune-{letter}",
                title=f"Commune {letter.upper()}",
                **(
                    {
                        "siren": BAULE,
                        "users": [{"name": self.editor["name"], "capacity": "editor"}],
                    }
                    if letter == "a"
                    else {}
                ),
            )
            for letter in LETTERS
        }
        self.ids = {
            letter: call_as(
                self.admin,
                "challenge_participant_create",
                cohort=self.cohort["id"],
                organization=organization["id"],
            )["id"]
            for letter, organization in self.organizations.items()
        }

    def of(self, letters: str) -> list[str]:
        """The ids of these participants."""
        return [self.ids[letter] for letter in letters]

    def letters(self, ids: Any) -> str:
        """The letters of these participants, in the order of the ids."""
        named = {id_: letter for letter, id_ in self.ids.items()}
        return "".join(named[id_] for id_ in ids)

    def row(self, letter: str) -> Participant:
        """A participant as it is stored now."""
        found = Participant.get(self.ids[letter])
        assert found is not None
        model.Session.refresh(found)
        return found

    def set(self, letter: str, **values: Any) -> None:
        """Store something of a participant."""
        model.Session.query(Participant).filter_by(id=self.ids[letter]).update(values)  # type: ignore[arg-type]
        model.Session.commit()

    def visit(self, letter: str, date: dt.date, days: float = 1) -> None:
        """Store a visit."""
        visit = Visit(
            participant_id=self.ids[letter],
            date=date,
            days=days,
            topic="Rencontre",
            state=visits.state_on(date, day()),
        )
        model.Session.add(visit)
        model.Session.commit()

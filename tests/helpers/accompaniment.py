"""A season whose team accompanies two collectivités."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    call_as,
    collectivites,
    day,
    make_cohort,
    make_staff,
)

from ckanext.challenge.model import Mail


class World:
    """A season with two participants, of which one has an adviser and members."""

    def __init__(self, **fields: Any) -> None:
        collectivites()
        self.admin = factories.Sysadmin()
        self.cohort = make_cohort("running", days_per_participant=2, **fields)
        self.people = {
            role: factories.User(fullname=f"Name of {role}")
            for role in ("manager", "adviser", "other_adviser", "editor", "admin")
        }
        for role in ("manager", "adviser", "other_adviser"):
            kind = role.rpartition("_")[2]
            make_staff(self.cohort, kind, self.people[role], by=self.admin)
        self.organizations = [
            factories.Organization(
                name=f"commune-{siren}",
                title=f"Commune {siren}",
                siren=siren,
                users=[
                    {"name": self.people[role]["name"], "capacity": role}
                    for role in ("editor", "admin")
                ]
                if siren == BAULE
                else [],
            )
            for siren in (BAULE, POINCONNET)
        ]
        self.participants = [
            call_as(
                self.admin,
                "challenge_participant_create",
                cohort=self.cohort["id"],
                organization=organization["id"],
            )["id"]
            for organization in self.organizations
        ]
        self.first = self.participants[0]
        call_as(
            self.people["manager"],
            "challenge_participant_assign",
            id=self.first,
            adviser=self.people["adviser"]["id"],
        )

    def call(self, who: str, action: str, **data: Any) -> Any:
        return call_as(self.people[who], f"challenge_{action}", **data)

    def visit(self, who: str = "adviser", **fields: Any) -> dict[str, Any]:
        data = {
            "participant": self.first,
            "date": day().isoformat(),
            "days": 0.5,
            "topic": "Rencontre",
            **fields,
        }
        return self.call(who, "visit_create", **data)

    def say(self, who: str, text: str = "Bonjour") -> dict[str, Any]:
        return self.call(
            who, "participant_message_create", participant=self.first, text=text
        )

    def mails(self) -> list[tuple[str, str]]:
        """Of what, and to whom, the mails of the participants are."""
        names: dict[str, str] = {
            person["id"]: role for role, person in self.people.items()
        }
        return sorted(
            (mail.kind, names.get(mail.user_id or "", "?"))
            for mail in model.Session.query(Mail)
        )

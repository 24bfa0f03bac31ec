"""What the demonstration consists of, read from the YAML files beside this module."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.challenge.directory import naming, reader
from ckanext.challenge.domain.lifecycle import STEP_SAID

from .tables import Place

MILESTONES = (
    "application_opens",
    "application_deadline",
    "launch",
    "first_publication",
    "finalisation",
)
CURRENT = "saison-2"
"""The season that is running; the others are before and after it."""
NEXT = "saison-3"
PAST = "saison-1"


@dataclass(frozen=True)
class Account:
    name: str
    password: str
    fullname: str
    email: str
    label: str
    """What the account is for, in a few words."""
    role: str
    siren: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A dataset of a participant; ``participants.yaml`` explains the fields."""

    table: str
    year: int = -1
    age: int = 30
    published: dt.date | None = None
    updated: int | None = None
    quality: str = "full"
    licence: str = "etalab-2.0"
    frequency: str | None = None
    spoil: str | None = None
    schema: bool = True
    private: bool = False

    def of_year(self, today: dt.date) -> int:
        """The year that the data speak of."""
        return self.year if self.year > 1000 else today.year + self.year

    def created_on(self, today: dt.date) -> dt.date:
        return self.published or today - dt.timedelta(self.age)

    def updated_on(self, today: dt.date) -> dt.date:
        """When the file was last replaced."""
        created = self.created_on(today)
        if self.updated is None:
            return created
        return max(created, today - dt.timedelta(self.updated))


@dataclass(frozen=True)
class Participant:
    siren: str
    place: tuple[float, float]
    agents: int
    page: bool
    members: int
    kits: tuple[str, ...]
    datasets: tuple[Dataset, ...]
    seat: str | None = None
    done: tuple[str, ...] = ()
    to_confirm: tuple[str, ...] = ()
    in_progress: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()
    visits: tuple[tuple[Any, ...], ...] = ()
    """How long ago (less than 0: to come) and how long, in days; their topic, notes for
    the team and, where there is more to say, its other fields."""
    more_time: tuple[tuple[str, int, str], ...] = ()
    """The steps that it does later: until how many days from now, and why."""
    messages: tuple[tuple[str, str], ...] = ()
    """Who speaks, ``member`` or ``staff``, and what they say."""
    feedback: dict[str, Any] = field(default_factory=dict)
    """Its answers to the final form, by the questions' keys."""

    def steps(self) -> list[tuple[str, str]]:
        """Keys of the steps of people that are under way, each with its state."""
        begun = [state for state in reversed(STEP_SAID) if state != "todo"]
        return [(key, state) for state in begun for key in getattr(self, state)]


@dataclass(frozen=True)
class Application:
    siren: str
    state: str
    agents: int
    motivation: str
    reason: str | None = None
    kind: str | None = None
    """Of requested changes: ``incorrect`` or ``incomplete``."""
    fields: tuple[str, ...] = ()
    """Those to which the requested changes apply."""
    answers: dict[str, Any] = field(default_factory=dict)
    """To the season's own questions."""
    letter: bool = False
    """Whether a letter of commitment comes with it."""
    pending: str | None = None
    """A decision that waits to be published with the others."""
    messages: tuple[tuple[str, str], ...] = ()
    """Who speaks, ``applicant`` or ``staff``, and what they say."""
    note: str | None = None
    scores: tuple[tuple[str, dict[str, int], str], ...] = ()
    """Who read it, what they gave for each criterion, and why."""
    reviewer: str | None = None


@dataclass(frozen=True)
class Content:
    accounts: tuple[Account, ...]
    seasons: tuple[dict[str, Any], ...]
    """As ``challenge_cohort_create`` takes them, with ``state``, and with dates that
    may be numbers of days from today."""
    participants: tuple[Participant, ...]
    applications: tuple[Application, ...]
    alumni: tuple[Participant, ...]
    """Participants of the season that is over."""
    _facts: dict[str, reader.Collectivite] = field(repr=False)
    _slugs: dict[str, str] = field(repr=False)

    def facts(self, siren: str) -> reader.Collectivite:
        """What the directory shipped with the package says of a collectivité."""
        return self._facts[siren]

    def place(self, participant: Participant) -> Place:
        """The participant as the makers of tables want it."""
        facts = self.facts(participant.siren)
        town = facts
        if participant.seat:
            town = next(
                row
                for row in self._facts.values()
                if row.insee_code == participant.seat
            )
        latitude, longitude = participant.place
        return Place(
            siren=participant.siren,
            name=facts.name,
            kind=facts.kind,
            population=facts.population or 0,
            insee_code=town.insee_code or "",
            town=town.name,
            postcode=town.postcodes[0],
            latitude=latitude,
            longitude=longitude,
        )

    def of_cohort(self, cohort: str) -> tuple[Participant, ...]:
        """The participants of the season that is running, or of the one before."""
        return {CURRENT: self.participants, PAST: self.alumni}[cohort]

    def all_user_names(self) -> set[str]:
        """Names of all accounts that the demonstration makes itself."""
        names = {account.name for account in self.accounts}
        for participant in (*self.participants, *self.alumni):
            names.update(self.user_names(participant))
        return names

    def sirens(self) -> set[str]:
        """All collectivités of the demonstration."""
        groups = (self.participants, self.applications, self.alumni)
        return {each.siren for group in groups for each in group}

    def slug(self, siren: str) -> str:
        """A short name of a collectivité, of which no other in here has the same."""
        return self._slugs[siren]

    def email(self, siren: str) -> str:
        """Where its secretariat would be reached; nobody is there."""
        account = self.account_of(siren)
        if account:
            return account.email
        return f"secretariat@{self.slug(siren)}.example.org"

    def user_names(self, participant: Participant) -> list[str]:
        """Accounts of the people who can publish, the first being the applicant's."""
        slug = self.slug(participant.siren)
        account = self.account_of(participant.siren)
        first = account.name if account else slug
        return [first] + [f"{slug}-{n}" for n in range(2, participant.members + 1)]

    def account_of(self, siren: str) -> Account | None:
        """The listed account that is a member of a collectivité."""
        return next((each for each in self.accounts if each.siren == siren), None)


@cache
def content() -> Content:
    """The whole content."""
    listing = reader.read([reader.shipped_file()])
    facts = {row.siren: row for row in listing.rows if row.siren}
    participants = tuple(Participant(**_typed(row)) for row in _yaml("participants"))
    applications = tuple(Application(**_tuples(row)) for row in _yaml("applications"))
    alumni = tuple(Participant(**_typed(row)) for row in _yaml("past"))
    slugs: dict[str, str] = {}
    for each in (*participants, *applications, *alumni):
        row = facts[each.siren]
        slugs[each.siren] = naming.organization_name(
            row.name, row.insee_code, set(slugs.values())
        )
    return Content(
        accounts=tuple(Account(**row) for row in _yaml("accounts")),
        seasons=tuple(_yaml("seasons")),
        participants=participants,
        applications=applications,
        alumni=alumni,
        _facts=facts,
        _slugs=slugs,
    )


def dates_of(cohort: dict[str, Any], today: dt.date) -> dict[str, str]:
    """The milestones of a season as ISO dates."""
    return {
        name: (
            today + dt.timedelta(cohort[name])
            if isinstance(cohort[name], int)
            else cohort[name]
        ).isoformat()
        for name in MILESTONES
    }


def _yaml(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text("utf-8"))


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a participant, whose lists become tuples."""
    typed = _tuples(row)
    typed["datasets"] = tuple(Dataset(**each) for each in row["datasets"])
    return typed

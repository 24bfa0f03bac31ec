"""What a list of collectivités would do to a season, row by row.

Everything is compared in sets: the number of statements does not grow with the rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import identity, roster
from ckanext.challenge.common import labels
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain import roster as rules
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.domain.names import folded
from ckanext.challenge.model import (
    Application,
    Cohort,
    Participant,
    Staff,
    Visit,
)

from . import schema

#: What becomes of a collectivité: it comes in, something of it changes, nothing does,
#: it is left to a person, or the list is wrong about it.
Outcome = Literal["new", "changed", "same", "left", "wrong"]
#: As what those that are new come in.
Kind = Literal["participants", "applications"]

#: What the form of an application keeps of a contact, and a list never overwrites.
_KEPT = (
    *("agents", "contact_name", "contact_role", "contact_email", "contact_phone"),
    *("elected_sponsor", "motivation"),
)


@dataclass
class Entry:
    """A collectivité of a list, with all of its rows.

    :ivar rows: as they were read
    :ivar siren: the one that was found
    :ivar name: as the directory has it, or the list
    :ivar values: what its rows say, checked
    :ivar facts: what the directory knows, by the names of an application
    :ivar visits: those that are to be noted
    :ivar adviser: who is to accompany it, where that is somebody else than now
    :ivar participant: what it is in the season already
    :ivar changes: what would become different, in words
    :ivar warnings: what to look at
    :ivar errors: what is wrong, by field
    """

    rows: list[roster.Row]
    siren: str | None = None
    name: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    visits: list[dict[str, Any]] = field(default_factory=list)
    adviser: model.User | None = None
    participant: Participant | None = None
    outcome: Outcome = "same"
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, name: str, text: str) -> None:
        """Say what is wrong with a field."""
        self.outcome = "wrong"
        self.errors.setdefault(name, []).append(text)


def check(
    context: Context,
    cohort: Cohort,
    rows: Sequence[roster.Row],
    kind: Kind,
    user_id: str | None,
) -> list[Entry]:
    """Compare the rows of a list with the directory and with a season.

    :param kind: as what those that are new would come in
    :param user_id: of who brings it: nobody lets themselves in
    :returns: one for each collectivité, and for each row of which none is known, in
        the order of the list
    """
    # Made once: as many validators stand in it as a list of thousands would make anew.
    shape = schema.imported_row()
    typed = [_typed(context, row, shape) for row in rows]
    known = identity.resolve([entry.values for entry in typed])
    for entry, found in zip(typed, known, strict=True):
        _place(entry, found)
    entries = _joined(typed)
    stored = _Stored(cohort, [entry.siren for entry in entries if entry.siren])
    own = identity.OwnAddresses(user_id)
    for entry in entries:
        # All that is wrong is told at once.
        _adviser(entry, stored)
        if entry.outcome == "wrong" or entry.siren is None:
            continue
        _compare(entry, cohort, stored, kind, own)
        if entry.errors:
            entry.outcome = "wrong"
    return entries


def _typed(context: Context, row: roster.Row, shape: dict[str, Any]) -> Entry:
    """A row with its values checked one by one, as forms check them."""
    data, errors = tk.navl_validate(dict(row.cells), shape, context)
    entry = Entry([row])
    entry.values = {
        name: data[name]
        for name in row.cells
        if name not in errors and data.get(name) not in (None, "")
    }
    for name, texts in errors.items():
        for text in texts:
            entry.wrong(name, str(text))
    return entry


def _place(entry: Entry, found: identity.Identity) -> None:
    """Take over which collectivité a row is about, and what the directory knows."""
    entry.siren, entry.name, entry.facts = found.siren, found.name, found.facts
    entry.warnings += found.warnings
    if found.error and entry.outcome != "wrong":
        entry.wrong(*found.error)


def _joined(typed: Sequence[Entry]) -> list[Entry]:
    """One entry for each collectivité; its rows may tell of several visits."""
    positions = rules.by_siren((one.siren, number) for number, one in enumerate(typed))
    entries = []
    for number, one in enumerate(typed):
        same = positions.get(one.siren or "", [number])
        if number != same[0]:
            continue
        group = [typed[other] for other in same]
        told = rules.together([other.values for other in group])
        one.rows = [row for other in group for row in other.rows]
        one.values, one.visits = told.values, told.visits
        one.values.pop("siren", None)
        for other in group[1:]:
            for name, texts in other.errors.items():
                for text in texts:
                    one.wrong(name, text)
        for name in told.clashes:
            if name in rules.VISIT or name in ("organization_title", "siren"):
                continue
            text = tk._("The rows {rows} say different things")
            one.wrong(name, text.format(rows=_numbers(one.rows)))
        if told.doubled:
            text = tk._("It stands twice in the list, in the rows {rows}")
            one.wrong("siren", text.format(rows=_numbers(one.rows)))
        _check_visits(one)
        entries.append(one)
    return entries


def _numbers(rows: Iterable[roster.Row]) -> str:
    return ", ".join(str(row.place.row) for row in rows)


def _check_visits(entry: Entry) -> None:
    for visit in entry.visits:
        if "visit_date" not in visit and "visit_days" not in visit:
            entry.wrong("visit_date", tk._("Say when it was, and how long it took"))
        elif "visit_date" not in visit:
            entry.wrong("visit_date", tk._("Say when it was"))
        elif "visit_days" not in visit:
            entry.wrong("visit_days", tk._("Say how many days it took"))


class _Stored:
    """What a season has of some collectivités."""

    def __init__(self, cohort: Cohort, sirens: Collection[str]) -> None:
        participants = (
            model.Session.query(Participant)
            .filter(
                Participant.cohort_id == cohort.id, Participant.siren.in_([*sirens])
            )
            .all()
        )
        self.participants = {row.siren: row for row in participants}
        self.applications: dict[str, Application] = {
            row.siren: row
            for row in model.Session.query(Application).filter(
                Application.cohort_id == cohort.id,
                Application.siren.in_([*sirens]),
                Application.state.in_(lifecycle.APPLICATION_LIVE),
            )
        }
        self.visits: dict[str, set[tuple[dt.date, Any, str]]] = {}
        ids = [row.id for row in participants]
        for visit in model.Session.query(Visit).filter(Visit.participant_id.in_(ids)):
            self.visits.setdefault(visit.participant_id, set()).add(
                (visit.date, visit.days, visit.topic)
            )
        self.team = _team(cohort)


def _team(cohort: Cohort) -> dict[str, list[model.User]]:
    """The team of a season, by all that a list may call somebody."""
    users = (
        model.Session.query(model.User)
        .join(Staff, Staff.user_id == model.User.id)
        .filter(Staff.cohort_id == cohort.id, model.User.state == "active")
        .distinct()
    )
    found: dict[str, list[model.User]] = {}
    for user in users:
        for name in {user.name, folded(user.fullname or ""), folded(user.email or "")}:
            if name:
                found.setdefault(name, []).append(user)
    return found


def _adviser(entry: Entry, stored: _Stored) -> None:
    """Find who is to accompany a collectivité; a blank changes nobody."""
    told = entry.values.get("adviser")
    if told is None:
        return
    users = stored.team.get(told) or stored.team.get(folded(told)) or []
    if len(users) == 1:
        entry.adviser = users[0]
        return
    text = (
        tk._("“{value}” is the name of several people: write the user name")
        if users
        else tk._("“{value}” is nobody on the team of this season")
    )
    entry.wrong("adviser", text.format(value=told[:60]))


def _compare(
    entry: Entry,
    cohort: Cohort,
    stored: _Stored,
    kind: Kind,
    own: identity.OwnAddresses,
) -> None:
    """Say what becomes of a collectivité, against what the season has of it."""
    siren = str(entry.siren)
    participant = stored.participants.get(siren)
    application = stored.applications.get(siren)
    if participant is not None and participant.state not in PARTICIPANT_COUNTED:
        text = tk._("It left this season: take it back in on its page first")
        entry.outcome = "left"
        entry.warnings.append(text)
    elif participant is not None:
        entry.participant = participant
        _against(entry, application, participant, stored)
    elif application is None:
        _new(entry, cohort, kind, own)
    elif kind == "applications":
        _tell_kept(entry, application)
    else:
        entry.outcome = "left"
        text = tk._("It has applied already ({reference}): decide on its application")
        entry.warnings.append(text.format(reference=application.reference))


def _new(entry: Entry, cohort: Cohort, kind: Kind, own: identity.OwnAddresses) -> None:
    entry.outcome = "new"
    address = entry.values.get("contact_email")
    if address is None:
        text = tk._("Needed for a collectivité that is new: who is written to?")
        entry.wrong("contact_email", text)
    elif kind == "participants" and own.has(address):
        text = tk._("This address is yours: somebody else of the team lets you in")
        entry.wrong("contact_email", text)
    if cohort.kinds and entry.facts["kind"] not in cohort.kinds:
        text = tk._("This season is for: {kinds}").format(
            kinds=", ".join(map(tk.h.challenge_kind, cohort.kinds))
        )
        entry.wrong("siren", text)
    if kind == "applications" and (entry.visits or entry.adviser):
        entry.visits, entry.adviser = [], None
        text = tk._("Its adviser and visits are noted once it takes part")
        entry.warnings.append(text)


def _against(
    entry: Entry,
    application: Application | None,
    participant: Participant,
    stored: _Stored,
) -> None:
    """What a list changes of one that takes part."""
    if application is not None:
        _tell_kept(entry, application)
    known = stored.visits.get(participant.id, set())
    entry.visits = [visit for visit in entry.visits if not _is_known(visit, known)]
    for visit in entry.visits:
        text = tk._("Visit of {date}").format(date=labels.as_day(visit["visit_date"]))
        entry.changes.append(text)
    if entry.adviser is not None and entry.adviser.id == participant.adviser_id:
        entry.adviser = None
    if entry.adviser is not None:
        text = tk._("Adviser: {name}").format(name=entry.adviser.display_name)
        entry.changes.append(text)
    entry.outcome = "changed" if entry.changes else "same"


def _is_known(
    visit: Mapping[str, Any], known: Collection[tuple[dt.date, Any, str]]
) -> bool:
    """Whether a visit was noted: of that day and length, and about the same."""
    return any(
        day == visit["visit_date"]
        and days == visit["visit_days"]
        and visit.get("visit_topic", topic) == topic
        for day, days, topic in known
    )


def _tell_kept(entry: Entry, application: Application) -> None:
    """Name what a list says otherwise than the applicant, whose words stay."""
    other = [
        roster.title(name)
        for name in _KEPT
        if name in entry.values and entry.values[name] != getattr(application, name)
    ]
    if other:
        text = tk._("Stays as the collectivité wrote it: {fields}")
        entry.warnings.append(text.format(fields=", ".join(other)))

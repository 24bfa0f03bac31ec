"""What the actions on participants take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge import config
from ckanext.challenge.applications import roster
from ckanext.challenge.applications import schema as applications
from ckanext.challenge.common import fields
from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.domain import deeds, eligibility, lifecycle, visits
from ckanext.challenge.domain.accompaniment import LEAST, LONGEST
from ckanext.challenge.domain.deadlines import MILESTONES

from . import filters
from .board import SORTS as BOARD_SORTS

SORTS = ("progress", "name", "activity")


def participant_list() -> Schema:
    """Whose participants, and how they are sorted."""
    return {
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
        "mine": [fields.default(False), *fields.truth()],
        "state": fields.choice(lifecycle.PARTICIPANT.states),
        "phase": fields.word(60),
        "departement": fields.word(3),
        "kind": fields.choice(eligibility.KINDS),
        "q": fields.word(200),
        "sort": [fields.default("progress"), *fields.choice(SORTS)],
        **fields.paging(),
    }


def participant_create() -> Schema:
    """Which organization joins which cohort."""
    return {"cohort": fields.raw(), "organization": fields.raw()}


def assign() -> Schema:
    """Who advises whom; nobody, when no adviser is given."""
    return {"id": fields.raw(), "adviser": fields.raw(required=False)}


def withdraw() -> Schema:
    """Which participant leaves, and why."""
    return {"id": fields.raw(), "reason": fields.paragraph(5000, required=True)}


def acceptance_undo() -> Schema:
    """Of which application, of when, and why."""
    return {
        "id": fields.raw(),
        "accepted_at": fields.raw(required=False),
        "reason": fields.paragraph(5000),
    }


def kits_update() -> Schema:
    """Which kits a participant chose to open."""
    return {
        "participant": fields.raw(),
        "kits": [fields.default([]), fields.texts(100)],
    }


def step_update() -> Schema:
    """What a person says of a step."""
    return {
        "participant": fields.raw(),
        "step": fields.raw(),
        "state": fields.choice(lifecycle.STEP_SAID, required=True),
        "note": fields.paragraph(5000),
        "evidence_url": fields.web_address(),
        "planned_for": fields.day(),
        "updated_at": fields.raw(required=False),
    }


def step_confirm() -> Schema:
    """What an adviser answers to a proof."""
    return {
        "participant": fields.raw(),
        "step": fields.raw(),
        "confirmed": fields.truth(),
        "note": fields.paragraph(5000),
        "updated_at": fields.raw(required=False),
    }


def step_reference() -> Schema:
    """A step of a participant."""
    return {"participant": fields.raw(), "step": fields.raw()}


def step_waive() -> Schema:
    """Which step is asked no more, and why."""
    return {
        "participant": fields.raw(),
        "step": fields.raw(),
        "reason": fields.paragraph(5000, required=True),
    }


def board() -> Schema:
    """Which participants of a season, in which order."""
    return {
        "cohort": fields.raw(),
        "filters": filters.field(),
        "sort": [fields.default("name"), *fields.choice(tuple(BOARD_SORTS))],
        "order": fields.choice(("asc", "desc")),
        **fields.paging(),
    }


def saved_view_list() -> Schema:
    """Of which season."""
    return {"cohort": fields.raw(), **fields.paging()}


def saved_view_create() -> Schema:
    """A way to look at a board, and what it is called."""
    return {
        "cohort": fields.raw(),
        "title": fields.word(60, required=True),
        "query": filters.field(),
        "shared": fields.truth(),
    }


def looks() -> Schema:
    """What a kept view says of the board, beside the filters."""
    return {
        "view": fields.choice(("steps", "list")),
        "columns": fields.word(300),
        "sort": fields.choice(tuple(BOARD_SORTS)),
        "order": fields.choice(("asc", "desc")),
    }


def participant_export() -> Schema:
    """Which participants of a season, as which kind of file."""
    return {
        "cohort": fields.raw(),
        "format": [fields.default("csv"), *fields.choice(tuple(FORMATS))],
        "filters": filters.field(),
    }


def batch() -> Schema:
    """To whom, what, and what is said with it; what it needs is asked by ``deeds``."""
    return {
        "participants": [tk.get_validator("not_missing"), fields.texts(deeds.MOST)],
        "do": fields.choice(tuple(deeds.DEEDS), required=True),
        "adviser": fields.raw(required=False),
        "step": fields.raw(required=False),
        "due": fields.day(),
        "badge": fields.raw(required=False),
        "reason": fields.paragraph(5000),
        "text": fields.paragraph(5000),
        "dry_run": [fields.default(False), *fields.truth()],
    }


def extended() -> Schema:
    """Whose step is put off."""
    return {"participants": [tk.get_validator("not_empty"), fields.texts(1000)]}


def extension_create() -> Schema:
    """Which step, for whom, until when, and why."""
    return {
        **extended(),
        "step": fields.raw(),
        "due": fields.day(required=True),
        "reason": fields.paragraph(5000, required=True),
    }


def dates_update() -> Schema:
    """Which dates of a season move, and who is told."""
    return {
        "id": fields.raw(),
        **{name: fields.day() for name in MILESTONES},
        "revision": fields.raw(required=False),
        "tell": [fields.default(False), *fields.truth()],
        "reason": fields.paragraph(5000),
        "dry_run": [fields.default(False), *fields.truth()],
    }


def extension_list() -> Schema:
    """Those of a participant, or of a season."""
    return {
        "participant": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        **fields.paging(),
    }


def step_list() -> Schema:
    """Which season, and which of its participants."""
    return {
        "cohort": fields.raw(),
        "participants": [tk.get_validator("ignore_missing"), fields.texts(10_000)],
    }


def evaluate() -> Schema:
    """Whom to evaluate."""
    return {
        "organization": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "all": fields.truth(),
    }


def progress_show() -> Schema:
    """Whose progress, in which season."""
    return {"organization": fields.raw(), "cohort": fields.raw()}


#: How far ahead a visit may be noted: what lies further is a slip of the pen.
_AHEAD = dt.timedelta(days=366)


def _not_too_late(value: Any) -> Any:
    # What is no date was refused before.
    if isinstance(value, dt.date) and value > config.today() + _AHEAD:
        raise tk.Invalid(tk._("This day is more than a year ahead"))
    return value


def _visit(needed: Collection[str]) -> Schema:
    """What is noted of a visit.

    :param needed: which of the day and the length may not be empty
    """
    return {
        "date": [*fields.day("date" in needed), _not_too_late],
        "days": fields.number(
            LEAST, LONGEST, decimals=1, step=LEAST, required="days" in needed
        ),
        "starts_at": fields.word(40),
        "duration": fields.whole(1, visits.LONGEST_MINUTES),
        "place": fields.word(300),
        "kind": fields.choice(visits.KINDS),
        "state": fields.choice(visits.STATES),
        "topic": fields.word(200),
        "notes": fields.paragraph(5000),
        "adviser": fields.raw(required=False),
        "participants": [tk.get_validator("ignore_missing"), fields.texts(300)],
    }


def participant_reference() -> Schema:
    """Which participant."""
    return fields.reference("participant")


def reminder_list() -> Schema:
    """Of which season."""
    return {"cohort": fields.raw(), **fields.paging()}


def reminder_pause() -> Schema:
    """Whose reminders pause, why, and until when."""
    return {
        "participant": fields.raw(),
        "reason": fields.paragraph(1000, required=True),
        "until": fields.day(),
    }


def visit_create(needed: Collection[str]) -> Schema:
    """A visit, and whose it was."""
    return {"participant": fields.raw(required=False), **_visit(needed)}


def visit_update(given: Collection[str]) -> Schema:
    """What of a visit is changed; what is left out stays.

    :param given: the names of what may not be empty
    """
    return {**fields.reference(), **_visit(given)}


def visit_delete() -> Schema:
    """Which visit, and whether for all whom it was for."""
    return {**fields.reference(), "everybody": fields.truth()}


def imported_row() -> Schema:
    """What a row of a list says: of the collectivité, of its adviser and of a visit."""
    visit = _visit(())
    return {
        **applications.imported(),
        "adviser": fields.word(200),
        **{f"visit_{name}": visit[name] for name in ("date", "days", "topic")},
    }


def of_cohort() -> Schema:
    """A season."""
    return {"cohort": fields.raw()}


def participant_import() -> Schema:
    """Into which season, as what, and how the file is read."""
    return {
        **of_cohort(),
        "kind": [
            fields.default("participants"),
            *fields.choice(("participants", "applications")),
        ],
        "columns": [tk.get_validator("ignore_missing"), _columns],
        "kept": fields.raw(required=False),
        "keep": [fields.default(False), *fields.truth()],
        "tell": [fields.default(True), *fields.truth()],
        "dry_run": [fields.default(False), *fields.truth()],
        "__extras": [tk.get_validator("ignore")],
    }


def _columns(value: Any) -> dict[str, str | None]:
    known = roster.fields()
    if isinstance(value, dict) and all(
        isinstance(label, str) and (name in ("", None) or name in known)
        for label, name in value.items()
    ):
        return {label: name or None for label, name in value.items()}
    text = tk._("Name a field for the label of a column, of: {fields}")
    raise tk.Invalid(text.format(fields=", ".join(known)))


def visit_list() -> Schema:
    """The visits of a participant, or of a season, and which of them."""
    return {
        "participant": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "since": fields.day(),
        "until": fields.day(),
        "adviser": fields.raw(required=False),
        "state": fields.choice(visits.STATES),
        **fields.paging(),
    }


def budget_show() -> Schema:
    """Of which season."""
    return {"cohort": fields.raw()}


def calendar_show() -> Schema:
    """Which address, and whether of the whole team."""
    return {"key": fields.raw(), "team": fields.truth()}


def time_certificate_show() -> Schema:
    """Whose time, in which days."""
    return {
        "cohort": fields.raw(required=False),
        "participant": fields.raw(required=False),
        "adviser": fields.raw(required=False),
        "since": fields.day(),
        "until": fields.day(),
    }


def message_create() -> Schema:
    """A message."""
    return {"participant": fields.raw(), "text": fields.paragraph(5000, required=True)}


def of_participant() -> Schema:
    """What belongs to a participant, a page of it."""
    return {"participant": fields.raw(), **fields.paging()}


def accompaniment_show() -> Schema:
    """A participant, and how much of what belongs to it."""
    return {
        "participant": fields.raw(),
        "limit": [
            fields.default(fields.DEFAULT_LIMIT),
            *fields.whole(1, fields.MAX_LIMIT),
        ],
    }


def accompaniment_list() -> Schema:
    """Whose participants of a season."""
    return {
        "cohort": fields.raw(),
        "adviser": fields.raw(required=False),
        "unassigned": fields.truth(),
        **fields.paging(),
    }


def participant() -> Schema:
    """Whose form; the answers are checked against the programme's questions."""
    return {"participant": fields.raw(), "__extras": [tk.get_validator("ignore")]}


def feedback_list() -> Schema:
    """Of which season."""
    return {"cohort": fields.raw(), **fields.paging()}


def feedback_export() -> Schema:
    """Of which season, as which kind of file."""
    return {
        "cohort": fields.raw(),
        "format": [fields.default("csv"), *fields.choice(tuple(FORMATS))],
    }

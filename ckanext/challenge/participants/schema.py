"""What the actions on participants take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge import config
from ckanext.challenge.common import fields
from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.domain import deeds, eligibility, lifecycle
from ckanext.challenge.domain.accompaniment import LEAST, LONGEST

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

    :param needed: which of the day, the length and the topic may not be empty
    """
    return {
        "date": [*fields.day("date" in needed), _not_too_late],
        "days": fields.number(
            LEAST, LONGEST, decimals=1, step=LEAST, required="days" in needed
        ),
        "topic": fields.word(200, "topic" in needed),
        "notes": fields.paragraph(5000),
        "adviser": fields.raw(required=False),
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


def visit_create() -> Schema:
    """A visit, and whose it was."""
    return {"participant": fields.raw(), **_visit(("date", "days", "topic"))}


def visit_update(given: Collection[str]) -> Schema:
    """What of a visit is changed; what is left out stays.

    :param given: the names of what was sent
    """
    return {**fields.reference(), **_visit(given)}


def visit_list() -> Schema:
    """The visits of a participant, or of a season."""
    return {
        "participant": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        **fields.paging(),
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

"""What the actions on visits and on the conversation with a participant take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge import config
from ckanext.challenge.cohorts.schema.cohort import paging
from ckanext.challenge.common import fields
from ckanext.challenge.common.action_helpers import DEFAULT_LIMIT, MAX_LIMIT
from ckanext.challenge.domain.accompaniment import LEAST, LONGEST

__all__ = [
    "accompaniment_list",
    "accompaniment_show",
    "message_create",
    "of_participant",
    "reference",
    "visit_create",
    "visit_list",
    "visit_update",
]

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


def visit_create() -> Schema:
    """A visit, and whose it was."""
    return {"participant": fields.raw(), **_visit(("date", "days", "topic"))}


def visit_update(given: Collection[str]) -> Schema:
    """What of a visit is changed; what is left out stays.

    :param given: the names of what was sent
    """
    return {**reference(), **_visit(given)}


def reference() -> Schema:
    """A visit."""
    return {"id": fields.raw()}


def visit_list() -> Schema:
    """The visits of a participant, or of a season."""
    return {
        "participant": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        **paging(),
    }


def message_create() -> Schema:
    """A message."""
    return {"participant": fields.raw(), "text": fields.paragraph(5000, required=True)}


def of_participant() -> Schema:
    """What belongs to a participant, a page of it."""
    return {"participant": fields.raw(), **paging()}


def accompaniment_show() -> Schema:
    """A participant, and how much of what belongs to it."""
    return {
        "participant": fields.raw(),
        "limit": [fields.default(DEFAULT_LIMIT), *fields.whole(1, MAX_LIMIT)],
    }


def accompaniment_list() -> Schema:
    """Whose participants of a season."""
    return {
        "cohort": fields.raw(),
        "adviser": fields.raw(required=False),
        "unassigned": fields.truth(),
        **paging(),
    }

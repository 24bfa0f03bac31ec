"""What the actions of those who decide take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import paging
from ckanext.challenge.common import fields
from ckanext.challenge.domain import lifecycle

__all__ = [
    "MAX_BATCH",
    "assign",
    "batch_review",
    "cohort",
    "note_create",
    "note_list",
    "reference",
    "review",
    "waitlist_list",
    "waitlist_move",
]

#: How many applications one call decides on.
MAX_BATCH = 200


def _texts(most: int) -> Any:
    def are_texts(value: Any) -> list[str]:
        found = value
        if isinstance(value, str):
            found = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(found, list) or not all(
            isinstance(item, str) for item in found
        ):
            raise tk.Invalid(tk._("This must be a list of names"))
        if len(found) > most:
            raise tk.Invalid(
                tk._("At most {limit} at once; these are {number}").format(
                    limit=most, number=len(found)
                )
            )
        return list(dict.fromkeys(found))

    return are_texts


def _decision() -> Schema:
    return {
        "decision": fields.choice(lifecycle.REVIEW_DECISIONS, required=True),
        "reason": fields.paragraph(5000),
        "pending": fields.truth(),
        "kind": fields.choice(lifecycle.CHANGES_KINDS),
        "fields": [fields.default([]), _texts(100)],
    }


def review() -> Schema:
    """A decision on one application."""
    return {"id": fields.raw(), **_decision()}


def batch_review() -> Schema:
    """The same decision on many."""
    return {"ids": [tk.get_validator("not_missing"), _texts(MAX_BATCH)], **_decision()}


def reference() -> Schema:
    """An application."""
    return {"id": fields.raw()}


def cohort() -> Schema:
    """A season."""
    return {"cohort": fields.raw()}


def assign() -> Schema:
    """Who reads which application; nobody, when no reviewer is given."""
    return {"id": fields.raw(), "reviewer": fields.raw(required=False)}


def note_create() -> Schema:
    """A note on an application."""
    return {"id": fields.raw(), "text": fields.paragraph(5000, required=True)}


def note_list() -> Schema:
    """Whose notes."""
    return {"id": fields.raw(), **paging()}


def waitlist_list() -> Schema:
    """Whose waiting list."""
    return {**cohort(), **paging()}


def waitlist_move() -> Schema:
    """Where on the waiting list an application goes."""
    return {"id": fields.raw(), "rank": fields.whole(1, 100_000, required=True)}

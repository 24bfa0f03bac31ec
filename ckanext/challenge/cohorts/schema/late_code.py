"""What the actions on late-entry codes take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields

from .cohort import paging, reference

__all__ = ["late_code_create", "late_code_list", "reference"]


def late_code_list() -> Schema:
    """Whose codes."""
    return {"cohort": fields.raw(), **paging()}


def late_code_create() -> Schema:
    """For whom, until when, how often."""
    return {
        "cohort": fields.raw(),
        "note": fields.word(200),
        "valid_until": fields.day(),
        "max_uses": [fields.default(1), *fields.whole(1, 1000)],
    }

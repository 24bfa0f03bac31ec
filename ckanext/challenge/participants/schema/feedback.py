"""What the actions on the final form take."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import paging
from ckanext.challenge.common import fields
from ckanext.challenge.common.spreadsheets import FORMATS

__all__ = ["feedback_export", "feedback_list", "participant"]


def participant() -> Schema:
    """Whose form; the answers are checked against the programme's questions."""
    return {"participant": fields.raw(), "__extras": [tk.get_validator("ignore")]}


def feedback_list() -> Schema:
    """Of which season."""
    return {"cohort": fields.raw(), **paging()}


def feedback_export() -> Schema:
    """Of which season, as which kind of file."""
    return {
        "cohort": fields.raw(),
        "format": [fields.default("csv"), *fields.choice(tuple(FORMATS))],
    }

"""What lists and exports of applications take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.applications.query import SORTS
from ckanext.challenge.cohorts.schema.cohort import KINDS, paging
from ckanext.challenge.common import fields
from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.domain import eligibility, lifecycle

__all__ = ["application_export", "application_list"]


def _are_texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(id_, str) for id_ in value):
        raise tk.Invalid(tk._("This must be a list"))
    return value


def _filters() -> Schema:
    return {
        "state": fields.choices(lifecycle.APPLICATION.states),
        "kind": fields.choice(KINDS),
        "departement": fields.word(3),
        "obligation": fields.choice(eligibility.STATUSES),
        "reviewer": fields.raw(required=False),
        "pending": fields.truth(),
        "q": fields.word(200),
        "ids": [tk.get_validator("ignore_missing"), _are_texts],
        "sort": fields.choice(SORTS),
        "order": fields.choice(("asc", "desc")),
    }


def application_list() -> Schema:
    """Which applications, in which order."""
    return {
        "cohort": fields.raw(required=False),
        "around": fields.raw(required=False),
        **_filters(),
        **paging(),
    }


def application_export() -> Schema:
    """Which applications of a season, as which kind of file."""
    return {
        "cohort": fields.raw(),
        "format": [fields.default("csv"), *fields.choice(FORMATS)],
        **_filters(),
    }

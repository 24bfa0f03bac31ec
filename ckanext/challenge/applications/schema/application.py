"""What the actions on applications take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import KINDS
from ckanext.challenge.common import fields

__all__ = [
    "application_save",
    "fields_of_form",
    "form",
    "link",
    "reference",
    "revision",
    "season",
    "submission",
]


def _agreed(value: Any) -> Any:
    if not value:
        raise tk.Invalid(
            tk._("We need your agreement to keep and use what you wrote here")
        )
    return value


def application_save(complete: bool, anonymous: bool = False) -> Schema:
    """The fields that an applicant fills in.

    :param complete: whether all that a submission needs must be there
    :param anonymous: whether only a mailed link leads back to it
    """
    return {
        "siren": fields.siren(),
        "organization_title": fields.word(200),
        "kind": fields.choice(KINDS),
        "insee_code": fields.word(5),
        "departement": fields.word(3),
        "population": fields.whole(0, 100_000_000),
        "agents": fields.number(0, 1_000_000, required=complete),
        "contact_name": fields.word(200, required=complete),
        "contact_role": fields.word(200),
        "contact_email": fields.email(required=complete or anonymous),
        "contact_phone": fields.word(40),
        "elected_sponsor": fields.word(300),
        "motivation": fields.paragraph(10_000, required=complete),
        # Left out, it is not given.
        "consent": [fields.default(False), *fields.truth(), _agreed]
        if complete
        else fields.truth(),
        "late_code": fields.word(100),
    }


_FIELDS = frozenset(application_save(complete=False))


def fields_of_form(data_dict: Mapping[str, Any]) -> frozenset[str]:
    """The names of what was given that an applicant may fill in."""
    return _FIELDS & data_dict.keys()


def season() -> Schema:
    """A season to apply to."""
    return {"cohort": fields.raw()}


def revision() -> Schema:
    """An application, and which state of it somebody has read."""
    return {**reference(), "revision": fields.whole(0, 1_000_000_000)}


def submission() -> Schema:
    """An application to hand in."""
    return {**reference(), "late_code": fields.word(100)}


def form() -> Schema:
    """A season, and perhaps who would apply to it."""
    return {
        **season(),
        "siren": fields.siren(required=False),
        "agents": fields.number(0, 1_000_000),
    }


def link() -> Schema:
    """An application, or what it is known by."""
    return {
        "id": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "siren": fields.siren(required=False),
    }


def reference() -> Schema:
    """An application, and the key that opens it."""
    return {"id": fields.raw(), "key": fields.raw(required=False)}

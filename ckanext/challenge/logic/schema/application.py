"""What the actions on applications take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.domain import lifecycle
from ckanext.challenge.logic.schema import fields
from ckanext.challenge.logic.schema.cohort import KINDS

__all__ = ["application_save", "reference", "review"]


def _agreed(value: Any) -> Any:
    if not value:
        raise tk.Invalid(
            tk._("We need your agreement to keep and use what you wrote here")
        )
    return value


def application_save(complete: bool) -> Schema:
    """The fields that an applicant fills in.

    :param complete: whether all that a submission needs must be there
    """
    return {
        "cohort": fields.raw(),
        "siren": fields.siren(),
        "organization_title": fields.word(200),
        "kind": fields.choice(KINDS),
        "insee_code": fields.word(5),
        "departement": fields.word(3),
        "population": fields.whole(0, 100_000_000),
        "agents": fields.number(0, 1_000_000, required=complete),
        "contact_name": fields.word(200, required=complete),
        "contact_role": fields.word(200),
        "contact_email": fields.email(required=complete),
        "contact_phone": fields.word(40),
        "elected_sponsor": fields.word(300),
        "motivation": fields.paragraph(10_000, required=complete),
        "consent": [*fields.truth(), _agreed] if complete else fields.truth(),
        "draft": fields.truth(),
    }


def reference() -> Schema:
    """An application, and the key that opens it."""
    return {"id": fields.raw(), "key": fields.raw(required=False)}


def review() -> Schema:
    """A decision."""
    return {
        "id": fields.raw(),
        "decision": fields.choice(lifecycle.REVIEW_DECISIONS, required=True),
        "reason": fields.paragraph(5000),
    }

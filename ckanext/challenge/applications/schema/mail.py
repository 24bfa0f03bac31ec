"""What the actions on mails take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import paging
from ckanext.challenge.common import fields
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.notifications.kinds import PREVIEWED

__all__ = ["STATES", "mail_list", "preview", "retry"]

#: ``failing``: given up, or to be tried again after a failure.
STATES = ("failing", "waiting", "sent", "failed", "cancelled")


def retry() -> Schema:
    """A mail, or all that fail of a season."""

    def either(key: Any, data: Any, errors: Any, context: Any) -> None:
        if not data.get(("id",)) and not data.get(("cohort",)):
            errors[("id",)] = [tk._("Missing value")]

    return {
        "id": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "__after": [either],
    }


def mail_list() -> Schema:
    """The mails of a season or of an application."""
    return {
        "cohort": fields.raw(required=False),
        "application": fields.raw(required=False),
        "state": fields.choice(STATES),
        **paging(),
    }


def _names(value: Any) -> list[str]:
    found = value.split(",") if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise tk.Invalid(tk._("This must be a list of names"))
    return [name.strip() for name in found if name.strip()]


def preview() -> Schema:
    """A mail that would go, and what a decision would say in it."""
    return {
        "application": fields.raw(),
        "mail": fields.choice(PREVIEWED),
        "decision": fields.choice(lifecycle.REVIEW_DECISIONS),
        "reason": fields.paragraph(5000),
        "kind": fields.choice(lifecycle.CHANGES_KINDS),
        "fields": [fields.default([]), _names],
    }

"""What the actions on credentials take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.common import fields


def credential_show() -> Schema:
    """Of which award."""
    return {"award": fields.raw()}


def achievement_show() -> Schema:
    """Of which badge."""
    return {"badge": fields.raw()}


def _credential(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise tk.Invalid(tk._("This must be a text"))
    return value


def verify() -> Schema:
    """The credential to judge: a text, or a document as an object."""
    return {"credential": [tk.get_validator("not_empty"), _credential]}


def status_list_show() -> Schema:
    """Which list."""
    return {
        "number": fields.whole(required=True),
        "kind": [
            fields.default("bitstring"),
            *fields.choice(("bitstring", "revocation")),
        ],
    }

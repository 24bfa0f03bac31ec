"""What the action on an organization's standing takes."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields

__all__ = ["standing_show"]


def standing_show() -> Schema:
    """Whose standing."""
    return {"organization": fields.raw()}

"""What the actions on datasets take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields

__all__ = ["show"]


def show() -> Schema:
    """Which dataset."""
    return {"id": fields.raw()}

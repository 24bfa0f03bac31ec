"""What the actions on datasets take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.logic.schema import fields

__all__ = ["season_show"]


def season_show() -> Schema:
    """Which dataset."""
    return {"id": fields.raw()}

"""What the stamp of a season takes."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.logic.schema import fields

__all__ = ["stamp_show"]


def stamp_show() -> Schema:
    """Which season, and which organization in it."""
    return {"cohort": fields.raw(), "organization": fields.raw(required=False)}

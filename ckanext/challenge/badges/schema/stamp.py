"""What the stamp of a season or an award takes."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields

__all__ = ["stamp_show"]


def stamp_show() -> Schema:
    """Which season, and which organization in it; or which award."""
    return {
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
        "award": fields.raw(required=False),
    }

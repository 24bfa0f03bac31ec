"""What the embeddable badge takes."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields

__all__ = ["shield_show"]


def shield_show() -> Schema:
    """Whose badge, in which season, and which one."""
    return {
        "organization": fields.word(200, required=True),
        "cohort": fields.word(200),
        "badge": fields.word(200),
    }

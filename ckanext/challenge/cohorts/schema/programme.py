"""What the actions on a season's programme take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields

__all__ = ["programme_update"]


def programme_update() -> Schema:
    """Which season, and the version or the digest that was looked at."""
    return {
        "id": fields.raw(),
        "version": fields.whole(1, 1_000_000),
        "digest": fields.word(64),
    }

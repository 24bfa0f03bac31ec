"""What the actions on the agenda take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.domain import agenda

#: In the place of a day, for no weekly mail.
NONE = "none"


def show() -> Schema:
    """Whose, of what, and how much of it."""
    return {
        "user": fields.raw(required=False),
        "mine": fields.truth(),
        "kind": fields.choice(agenda.KINDS),
        "days": [fields.default(agenda.DAYS), *fields.whole(1, 60)],
        **fields.paging(),
    }


def digest_update() -> Schema:
    """On which day."""
    return {"weekday": fields.choice((*agenda.WEEKDAYS, NONE), required=True)}


def digest_end() -> Schema:
    """With which key."""
    return {"key": fields.raw()}

"""What the actions of this room take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields


def doctor_show() -> Schema:
    return {"ask_portal": fields.yes_or_no()}

"""What the actions on badges and awards take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.domain import lifecycle


def badge_list() -> Schema:
    """Which badges."""
    return {
        "programme": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        **fields.paging(),
    }


def badge_show() -> Schema:
    """Which badge."""
    return {"badge": fields.raw(), "programme": fields.raw(required=False)}


def award_list() -> Schema:
    """Which awards."""
    return {
        "organization": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "badge": fields.raw(required=False),
        "state": fields.choice(lifecycle.AWARD.states),
        **fields.paging(),
    }


def award_create() -> Schema:
    """Which badge for whom, and why."""
    return {
        "badge": fields.raw(),
        "organization": fields.raw(),
        "cohort": fields.raw(required=False),
        "reason": fields.paragraph(1000, required=True),
    }


def award_revoke() -> Schema:
    """Which award, and why."""
    return {"id": fields.raw(), "reason": fields.paragraph(1000, required=True)}


def standing_show() -> Schema:
    """Whose standing."""
    return {"organization": fields.raw()}


def progress_badge_show() -> Schema:
    """Whose badge, in which season, and which one."""
    return {
        "organization": fields.word(200, required=True),
        "cohort": fields.word(200),
        "badge": fields.word(200),
    }

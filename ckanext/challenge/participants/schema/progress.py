"""What the actions on progress, badges and awards take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import paging, reference
from ckanext.challenge.common import fields
from ckanext.challenge.domain import lifecycle

__all__ = [
    "award_create",
    "award_list",
    "award_revoke",
    "badge_list",
    "badge_show",
    "evaluate",
    "progress_show",
    "reference",
]


def evaluate() -> Schema:
    """Whom to evaluate."""
    return {
        "organization": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "all": fields.truth(),
    }


def progress_show() -> Schema:
    """Whose progress, in which season."""
    return {"organization": fields.raw(), "cohort": fields.raw()}


def badge_list() -> Schema:
    """Which badges."""
    return {
        "programme": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        **paging(),
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
        **paging(),
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

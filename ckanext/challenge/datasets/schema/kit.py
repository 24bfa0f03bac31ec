"""What the actions on kits take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import KINDS, paging
from ckanext.challenge.common import fields

__all__ = ["kit_list", "kit_show"]


def kit_list() -> Schema:
    """Which kits."""
    return {
        "programme": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "kind": fields.choice(KINDS),
        "population": fields.whole(),
        "organization": fields.raw(required=False),
        **paging(),
    }


def kit_show() -> Schema:
    """Which kit."""
    return {
        "kit": fields.raw(),
        "programme": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
    }

"""What the actions on datasets and kits take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.domain import eligibility


def show() -> Schema:
    """Which dataset."""
    return {"id": fields.raw()}


def kit_list() -> Schema:
    """Which kits."""
    return {
        "programme": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "kind": fields.choice(eligibility.KINDS),
        "population": fields.whole(),
        "organization": fields.raw(required=False),
        **fields.paging(),
    }


def kit_show() -> Schema:
    """Which kit."""
    return {
        "kit": fields.raw(),
        "programme": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
    }

"""What the actions on claims and invitations take."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import paging
from ckanext.challenge.common import fields
from ckanext.challenge.domain import lifecycle

__all__ = ["ROLES", "claim_answer", "claim_list", "invite", "reference"]

#: What somebody can be in an organization, as CKAN has it.
ROLES = ("member", "editor", "admin")


def reference() -> Schema:
    """A claim."""
    return {"id": fields.raw()}


def claim_list() -> Schema:
    """Which claims."""
    return {
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
        "state": fields.choice(lifecycle.CLAIM.states),
        **paging(),
    }


def claim_answer() -> Schema:
    """Yes, or no with a reason."""
    return {
        "id": fields.raw(),
        "accepted": [tk.get_validator("not_missing"), *fields.truth()],
        "reason": fields.paragraph(5000),
    }


def invite() -> Schema:
    """Whom to let into which organization."""
    return {
        "organization": fields.raw(),
        "email": fields.email(required=True),
        "role": [fields.default("member"), *fields.choice(ROLES)],
    }

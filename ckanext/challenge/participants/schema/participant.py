"""What the actions on participants and their steps take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import KINDS, paging
from ckanext.challenge.common import fields
from ckanext.challenge.domain import lifecycle

__all__ = [
    "assign",
    "kits_update",
    "participant_create",
    "participant_list",
    "reference",
    "step_confirm",
    "step_reference",
    "step_update",
    "step_waive",
]

SORTS = ("progress", "name", "activity")


def participant_list() -> Schema:
    """Whose participants, and how they are sorted."""
    return {
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
        "state": fields.choice(lifecycle.PARTICIPANT.states),
        "phase": fields.word(60),
        "departement": fields.word(3),
        "kind": fields.choice(KINDS),
        "q": fields.word(200),
        "sort": [fields.default("progress"), *fields.choice(SORTS)],
        **paging(),
    }


def participant_create() -> Schema:
    """Which organization joins which cohort."""
    return {"cohort": fields.raw(), "organization": fields.raw()}


def reference() -> Schema:
    """A participant."""
    return {"id": fields.raw()}


def assign() -> Schema:
    """Who advises whom; nobody, when no adviser is given."""
    return {"id": fields.raw(), "adviser": fields.raw(required=False)}


def kits_update() -> Schema:
    """Which kits a participant chose to open."""

    def is_list(value: Any) -> list[str]:
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(
            isinstance(item, str) for item in found
        ):
            raise tk.Invalid(tk._("This must be a list of names"))
        return list(dict.fromkeys(found))

    return {
        "participant": fields.raw(),
        "kits": [fields.default([]), is_list],
    }


def step_update() -> Schema:
    """What a person says of a step."""
    return {
        "participant": fields.raw(),
        "step": fields.raw(),
        "state": fields.choice(
            ("todo", "planned", "in_progress", "to_confirm", "done"), required=True
        ),
        "note": fields.paragraph(5000),
        "evidence_url": fields.web_address(),
        "planned_for": fields.day(),
        "updated_at": fields.raw(required=False),
    }


def step_confirm() -> Schema:
    """What an adviser answers to a proof."""
    return {
        "participant": fields.raw(),
        "step": fields.raw(),
        "confirmed": fields.truth(),
        "note": fields.paragraph(5000),
        "updated_at": fields.raw(required=False),
    }


def step_reference() -> Schema:
    """A step of a participant."""
    return {"participant": fields.raw(), "step": fields.raw()}


def step_waive() -> Schema:
    """Which step is asked no more, and why."""
    return {
        "participant": fields.raw(),
        "step": fields.raw(),
        "reason": fields.paragraph(5000, required=True),
    }

"""What the actions on messages to many take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.domain.placeholders import AUDIENCES

STATES = ("held", "sent", "cancelled")
LONGEST_TEXT = 5000
#: How many may be chosen one by one.
_MOST = 10_000


def _an_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise tk.Invalid(tk._("Filters are an object: the name of each, and its value"))
    return value


def _somebody(ids: list[str]) -> list[str]:
    """A choice of nobody is none; it must not become everybody."""
    if not ids:
        raise tk.Invalid(tk._("Nobody is meant by this choice"))
    return ids


def _words(required: bool) -> Schema:
    return {
        "subject": fields.word(200, required),
        "text": fields.paragraph(LONGEST_TEXT, required),
    }


def _whom(required: bool) -> Schema:
    return {
        "to": fields.choice(AUDIENCES, required),
        "filters": [tk.get_validator("ignore_missing"), _an_object],
        "ids": [tk.get_validator("ignore_missing"), fields.texts(_MOST), _somebody],
    }


def create() -> Schema:
    """Who is written to, and what."""
    return {"cohort": fields.raw(), **_whom(True), **_words(True)}


def update() -> Schema:
    """What of a message that waits is changed; what is left out stays."""
    return {**fields.reference(), **_whom(False), **_words(False)}


def preview() -> Schema:
    """A message that waits, or one that is only being written; and for whom."""
    return {
        "id": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "recipient": fields.raw(required=False),
        **_whom(False),
        **_words(False),
        **fields.paging(),
    }


def send() -> Schema:
    """Which message, and what its sender was told."""
    return {
        **fields.reference(),
        "recipients": fields.whole(1, required=True),
        "again": fields.truth(),
    }


def campaign_list() -> Schema:
    """Of which season, and in which state."""
    return {
        "cohort": fields.raw(),
        "state": fields.choice(STATES),
        **fields.paging(),
    }


def model_create() -> Schema:
    """What is kept to write again."""
    return {
        "cohort": fields.raw(),
        "to": fields.choice(AUDIENCES, True),
        "title": fields.word(100, True),
        **_words(True),
    }


def model_list() -> Schema:
    """Of which season."""
    return {"cohort": fields.raw(), **fields.paging()}


def ending() -> Schema:
    """The key of a link that was mailed."""
    return {"key": fields.raw()}

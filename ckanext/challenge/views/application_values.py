"""What stands in the fields of an application, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.domain.application_fields import FORM

_KINDS = {field.name: field.kind for field in FORM}
_TEXTS = {
    "kind": h.challenge_kind,
    "departement": h.challenge_departement,
    "whole": h.challenge_number,
    "number": h.challenge_number,
}


def value_text(name: str, value: Any) -> str:
    """A value as people read it; empty where there is none.

    :param name: of a field of the form, or anything else that can be corrected
    """
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return tk._("Yes") if value else tk._("No")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return _TEXTS.get(_KINDS.get(name) or "", str)(value)


def answer_text(question: Mapping[str, Any], value: Any) -> str:
    """An answer to a season's own question, as people read it.

    :param question: as the season has it
    """
    chosen = {
        choice["value"]: application_labels.in_words(choice)
        for choice in question.get("choices") or []
    }
    if isinstance(value, list):
        value = [chosen.get(item, item) for item in value]
    elif isinstance(value, str):
        value = chosen.get(value, value)
    text = value_text("", value)
    return h.challenge_date(text) if question.get("type") == "date" and text else text

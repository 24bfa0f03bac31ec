"""What stands in the fields of an application, for people."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
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

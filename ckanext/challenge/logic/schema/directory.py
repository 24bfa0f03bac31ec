"""Schemas of the directory's actions."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.directory.departements import departements
from ckanext.challenge.directory.reader import KINDS

__all__ = ["search", "show"]

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_QUERY = 200


def search() -> Schema:
    get = tk.get_validator
    return {
        "q": [get("ignore_missing"), get("unicode_safe"), _short_query],
        "kind": [get("ignore_empty"), get("unicode_safe"), get("one_of")(KINDS)],
        "departement": [get("ignore_empty"), get("unicode_safe"), _known_departement],
        "limit": [
            get("default")(DEFAULT_LIMIT),
            get("natural_number_validator"),
            lambda value: min(value, MAX_LIMIT),
        ],
        "offset": [get("default")(0), get("natural_number_validator")],
        "__extras": [get("ignore")],
    }


def show() -> Schema:
    get = tk.get_validator
    return {
        "siren": [get("not_empty"), get("unicode_safe")],
        "__extras": [get("ignore")],
    }


def _short_query(value: str) -> str:
    if len(value) > MAX_QUERY:
        raise tk.Invalid(
            tk._("At most {count} characters are searched for").format(count=MAX_QUERY)
        )
    return value


def _known_departement(value: str) -> str:
    code = value.strip().upper()
    if code not in departements():
        raise tk.Invalid(
            tk._("“{value}” is not a département: write its code, such as 45").format(
                value=value[:40]
            )
        )
    return code

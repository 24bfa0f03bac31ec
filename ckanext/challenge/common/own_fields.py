"""The fields that count, in what CKAN's actions answer and take.

What is read is what counts of a value (:mod:`ckanext.challenge.domain.own_fields`),
under the name that the portal has for it; what is written goes where the portal's forms
have it, and among the extras where they do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

import ckan.plugins.toolkit as tk

from ckanext.challenge import config
from ckanext.challenge.domain import own_fields as rules

Form = Literal["dataset", "resource", "organization"]

#: Of each form, the helper of ckanext-scheming that answers it, and its part.
_FORMS = {
    "dataset": ("scheming_get_dataset_schema", "dataset", "dataset_fields"),
    "resource": ("scheming_get_dataset_schema", "dataset", "resource_fields"),
    "organization": ("scheming_get_organization_schema", "organization", "fields"),
}


def read(row: Mapping[str, Any] | None, name: str) -> str:
    """What counts of a field of a dataset, file or organization; empty for nothing.

    :param row: as CKAN's actions answer it, or the extras of a row of its tables
    :param name: our name of the field
    """
    return rules.clean(name, rules.held(row or {}, config.field(name)))


def of_form(name: str) -> str:
    """What forms call a field, that of which it is a part included.

    :param name: our name of the field; any other is answered as it is
    """
    return rules.split(config.field(name))[0]


def form_values(**values: str) -> dict[str, str]:
    """What a form of CKAN is opened with, so that some fields have these values.

    :param values: by our names
    """
    found = {}
    for name, value in values.items():
        field, part = rules.split(config.field(name))
        # Such is the name of a part of the first row, in ckanext-scheming.
        found[f"{field}-0-{part}" if part else field] = value
    return found


def form_fields(form: Form) -> dict[str, Mapping[str, Any]] | None:
    """The fields of one of the portal's forms, by name.

    :returns: ``None`` for a form that is not of ckanext-scheming
    """
    helper, name, part = _FORMS[form]
    schema: Any = None
    # The helper is there with the plugin alone.
    with suppress(AttributeError):
        schema = getattr(tk.h, helper)(name)
    if not schema:
        return None
    return {field["field_name"]: field for field in schema.get(part, ())}


def written(
    form: Form, values: Mapping[str, Any], there: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What CKAN's actions are to be told, so that some fields have these values.

    A field with a list of choices is told the choice that means the value, and left out
    where there is none: what we know besides stops nobody's saving. What means the same
    already stays as it is, such as the SIRET of a SIREN.

    :param values: by our names; what is no field that counts is passed on as it is
    :param there: the extras that are stored, by name: CKAN replaces all of them or none
    """
    fields = form_fields(form)
    told: dict[str, Any] = {}
    loose: dict[str, str] = {}
    for name, value in values.items():
        if name not in rules.FIELDS:
            told[name] = value
            continue
        field, part = rules.split(config.field(name))
        before = rules.held(there or {}, config.field(name))
        if before and rules.clean(name, before) == rules.clean(name, value):
            continue
        if field in rules.COLUMNS or form == "resource":
            told[field] = value
        elif fields is None or field not in fields:
            # A part needs the field of a form.
            loose[name if part else field] = value
        elif part:
            rows = told.setdefault(field, [{}])
            rows[0][part] = value
        elif (choice := _choice(fields[field], name, value)) is not None:
            told[field] = choice
    if loose:
        kept = {
            key: kept
            for key, kept in (there or {}).items()
            if key not in (fields or {}) and isinstance(kept, str)
        }
        told["extras"] = [
            {"key": key, "value": value} for key, value in {**kept, **loose}.items()
        ]
    return told


def _choice(field: Mapping[str, Any], name: str, value: str) -> str | None:
    """The choice of a form that means a value; the value where it has no list."""
    choices = field.get("choices")
    if not isinstance(choices, list):
        return value
    wanted = rules.meaning(name, value)
    return next(
        (
            choice["value"]
            for choice in choices
            if rules.meaning(name, choice.get("value")) == wanted
        ),
        None,
    )

"""What the actions on preparations take."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.domain import characters

#: What is done with the result: a new dataset, or a file of one that exists.
MODES = ("new", "replace", "add")
#: The result as it is published, or the spreadsheet with what is left to correct.
FORMATS = ("csv", "xlsx")
_LONGEST_CELL = 100_000
_MOST = 10_000
#: Rows of a spreadsheet.
_LAST_ROW = 1_048_576


def create() -> Schema:
    """A new preparation; ``upload`` or ``text``, which the action looks at itself."""
    return {
        "organization": fields.raw(),
        "kit": fields.raw(),
        "upload": [tk.get_validator("ignore")],
        "text": [tk.get_validator("ignore")],
    }


def reference() -> Schema:
    """Which preparation."""
    return {"id": fields.raw()}


def export() -> Schema:
    """Which preparation, and as what."""
    return {"id": fields.raw(), "format": fields.choice(FORMATS)}


def of_organization() -> Schema:
    """Those of an organization."""
    return {"organization": fields.raw(), **fields.paging()}


def update() -> Schema:
    """What people choose; what is not given stays."""
    return {
        "id": fields.raw(),
        "sheets": _optional(_texts),
        "header_row": fields.whole(1, _LAST_ROW),
        "mapping": _optional(_mapping_to(_field_or_nothing)),
        "constants": _optional(_mapping_to(_cell)),
        "repairs": _optional(_mapping_to(_choice)),
        "edits": _optional(_edits),
        "taken_back": _optional(_places),
        "upload": [tk.get_validator("ignore")],
        "text": [tk.get_validator("ignore")],
    }


def publish() -> Schema:
    """Where the result goes."""
    return {
        "id": fields.raw(),
        "mode": fields.choice(MODES, required=True),
        "dataset": fields.raw(required=False),
        "resource": fields.raw(required=False),
        "title": fields.word(200),
        "notes": fields.paragraph(10_000),
        "temporal_start": fields.day(),
        "temporal_end": fields.day(),
    }


def _optional(check: Callable[[Any], Any]) -> list[fields.Validator]:
    """A list or an object, or its JSON, as a form sends it."""

    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        value = data.get(key)
        if value is tk.missing or value is None or value == "":
            data.pop(key, None)
            raise tk.StopOnError
        if isinstance(value, str):
            with suppress(ValueError):
                value = json.loads(value)
        try:
            data[key] = check(value)
        except tk.Invalid as error:
            errors[key].append(error.error)
            raise tk.StopOnError from error

    return [validator]


def _cell(value: Any) -> str:
    """One cell: any text but what may not leave the portal."""
    if not isinstance(value, str):
        raise tk.Invalid(tk._("This must be a text"))
    if len(value) > _LONGEST_CELL:
        raise tk.Invalid(
            tk._("This has {length} characters; the limit is {limit}").format(
                length=len(value), limit=_LONGEST_CELL
            )
        )
    if (position := characters.first_forbidden(value)) is not None:
        text = fields.problem_text("control", position=position, found="")
        raise tk.Invalid(text)
    return value


def _field_or_nothing(value: Any) -> str | None:
    return None if value is None or value == "" else _cell(value)


def _choice(value: Any) -> bool | str:
    return value if isinstance(value, bool) else _cell(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise tk.Invalid(tk._("This must be a list"))
    if len(value) > _MOST:
        raise tk.Invalid(tk._("This has more than {limit} parts").format(limit=_MOST))
    return value


def _texts(value: Any) -> list[str]:
    return [_cell(part) for part in _list(value)]


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise tk.Invalid(tk._("This must be an object with a value for each name"))
    if len(value) > _MOST:
        raise tk.Invalid(tk._("This has more than {limit} parts").format(limit=_MOST))
    return value


def _mapping_to(check: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    def mapping(value: Any) -> dict[str, Any]:
        return {_cell(name): check(part) for name, part in _object(value).items()}

    return mapping


def _row(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise tk.Invalid(tk._("This must be a whole number"))
    if not 1 <= value <= _LAST_ROW:
        raise tk.Invalid(
            tk._("This must be between {minimum} and {maximum}").format(
                minimum=1, maximum=_LAST_ROW
            )
        )
    return value


def _edits(value: Any) -> list[dict[str, Any]]:
    found = []
    for part in map(_object, _list(value)):
        place = {"sheet": None, "sheet_row": None}
        if part.get("sheet_row") is not None:
            place = {
                "sheet": _cell(part.get("sheet")),
                "sheet_row": _row(part["sheet_row"]),
            }
        found.append(
            {
                "row": _row(part.get("row")) if place["sheet"] is None else None,
                "field": _cell(part.get("field")),
                "value": _field_or_nothing(part.get("value")),
                **place,
            }
        )
    return found


def _places(value: Any) -> list[dict[str, Any]]:
    return [
        {"sheet": _cell(part.get("sheet")), "row": _row(part.get("row"))}
        for part in map(_object, _list(value))
    ]

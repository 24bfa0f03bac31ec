"""Whether a document is a Table Schema by which files can be checked, and what not.

Table Schema is the standard in which the national schemas are written:
https://specs.frictionlessdata.io/table-schema/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .characters import first_forbidden

#: Bytes of a document, and fields in it, at most.
MAX_BYTES = 1024**2
MAX_FIELDS = 500
#: What a field may hold.
TYPES = (
    "string",
    "number",
    "integer",
    "boolean",
    "date",
    "datetime",
    "time",
    "year",
    "yearmonth",
    "duration",
    "geopoint",
    "geojson",
    "array",
    "object",
    "any",
)
#: What an id is made of: who publishes the schema, and its name.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,49}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
#: What is kept of a document, and of each of its fields.
_KEPT = ("missingValues", "primaryKey")
_KEPT_OF_FIELDS = (
    "name",
    "type",
    "format",
    "constraints",
    "trueValues",
    "falseValues",
    "arrayItem",
)
_FLAGS = ("required", "unique")
_LENGTHS = ("minLength", "maxLength")
_CONSTRAINTS = (*_FLAGS, *_LENGTHS, "enum", "pattern", "minimum", "maximum")


@dataclass(frozen=True)
class Fault:
    """Why a document is no Table Schema that can be used.

    :ivar code: what is wrong
    :ivar field: name of the field, or its number from 1, where it is about one
    :ivar found: what is there
    """

    code: str
    field: str = ""
    found: str = ""


class Unreadable(ValueError):
    """A file that holds no document.

    :ivar fault: why
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def read(content: bytes) -> Any:
    """The document that a file holds.

    :raises Unreadable: too large, no UTF-8 or no JSON
    """
    if len(content) > MAX_BYTES:
        raise Unreadable(Fault("too-large"))
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable(Fault("not-utf-8")) from None
    except json.JSONDecodeError as error:
        place = f"{error.lineno}:{error.colno}"
        raise Unreadable(Fault("not-json", found=place)) from None
    except (RecursionError, ValueError):
        raise Unreadable(Fault("not-json", found="1:1")) from None


def faults(document: Any) -> list[Fault]:
    """All that keeps a document from being used; nothing where it can be."""
    if not isinstance(document, Mapping):
        return [Fault("no-object")]
    fields = document.get("fields")
    if not isinstance(fields, list) or not fields:
        return [Fault("no-fields")]
    if len(fields) > MAX_FIELDS:
        return [Fault("too-many-fields", found=str(len(fields)))]
    found = list(_of_document(document))
    names: set[str] = set()
    for number, field in enumerate(fields, start=1):
        found += _of_field(field, number, names)
    return found


def _of_document(document: Mapping[str, Any]) -> Iterator[Fault]:
    missing = document.get("missingValues", [])
    if not _are_texts(missing):
        yield Fault("wrong-property", found="missingValues")
    names = {
        field.get("name")
        for field in document["fields"]
        if isinstance(field, Mapping) and isinstance(field.get("name"), str)
    }
    key = document.get("primaryKey", [])
    columns = [key] if isinstance(key, str) else key
    if not _are_texts(columns):
        yield Fault("wrong-property", found="primaryKey")
    elif unknown := [name for name in columns if name not in names]:
        yield Fault("unknown-column", found=unknown[0])
    if any(first_forbidden(text) is not None for text in _texts(document)):
        yield Fault("characters")


def _of_field(field: Any, number: int, names: set[str]) -> Iterator[Fault]:
    if not isinstance(field, Mapping):
        yield Fault("no-field", str(number))
        return
    name = field.get("name")
    if not isinstance(name, str) or not name.strip():
        yield Fault("no-name", str(number))
        return
    if name in names:
        yield Fault("same-name", name)
    names.add(name)
    type_ = field.get("type", "string")
    if type_ not in TYPES:
        yield Fault("unknown-type", name, str(type_)[:50])
    for key in ("format", "title", "description"):
        if not isinstance(field.get(key, ""), str):
            yield Fault("wrong-property", name, key)
    for key in ("trueValues", "falseValues"):
        if key in field and not (field[key] and _are_texts(field[key])):
            yield Fault("wrong-property", name, key)
    if not _are_texts(field.get("synonyms", [])):
        yield Fault("wrong-property", name, "synonyms")
    yield from _of_constraints(field.get("constraints", {}), name)
    item = field.get("arrayItem", {})
    if not isinstance(item, Mapping):
        yield Fault("wrong-property", name, "arrayItem")
    else:
        yield from _of_constraints(item.get("constraints", {}), name)


def _of_constraints(constraints: Any, name: str) -> Iterator[Fault]:
    if not isinstance(constraints, Mapping):
        yield Fault("wrong-property", name, "constraints")
        return
    for key, value in constraints.items():
        if key in _FLAGS:
            is_right = isinstance(value, bool)
        elif key in _LENGTHS:
            is_right = isinstance(value, int) and not isinstance(value, bool)
        elif key == "enum":
            is_right = isinstance(value, list) and bool(value)
        elif key == "pattern":
            is_right = isinstance(value, str) and _is_pattern(value)
        elif key in _CONSTRAINTS:
            is_right = isinstance(value, str | int | float)
        else:
            yield Fault("unknown-constraint", name, str(key)[:50])
            continue
        if not is_right:
            yield Fault("wrong-property", name, str(key))


def _is_pattern(text: str) -> bool:
    try:
        re.compile(f"^{text}$")
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(key)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def descriptor(document: Mapping[str, Any]) -> dict[str, Any]:
    """What decides on the files: the document without texts and foreign properties.

    :param document: one without :func:`faults`
    """
    kept = {key: document[key] for key in _KEPT if key in document}
    fields = [
        {"type": "string"} | {key: one[key] for key in _KEPT_OF_FIELDS if key in one}
        for one in document["fields"]
    ]
    return {**kept, "fields": fields}


def columns(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the document tells of its fields in words: title, meaning, synonyms.

    :param document: one without :func:`faults`
    """
    found = {}
    for field in document["fields"]:
        told: dict[str, Any] = {"title": field.get("title") or field["name"]}
        if field.get("description"):
            told["meaning"] = {"fr": field["description"]}
        if field.get("synonyms"):
            told["synonyms"] = list(field["synonyms"])
        found[field["name"]] = told
    return found

"""Whether a document is a Table Schema by which files can be checked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ckanext.challenge.domain import table_schema
from ckanext.challenge.domain.table_schema import Fault

FIELD = {"name": "id", "type": "string"}


def _faults(*fields: Any, **more: Any) -> list[tuple[str, str, str]]:
    document = {"fields": list(fields), **more}
    return [(f.code, f.field, f.found) for f in table_schema.faults(document)]


def test_a_table_schema_is_one() -> None:
    assert not _faults(
        FIELD,
        {"name": "état", "constraints": {"enum": ["bon", "usé"], "required": True}},
        {"name": "photos", "type": "array", "arrayItem": {"type": "string"}},
        {"name": "bois", "type": "boolean", "trueValues": ["oui"]},
        primaryKey="id",
        missingValues=["", "-"],
    )


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ([], "no-object"),
        ("texte", "no-object"),
        ({}, "no-fields"),
        ({"fields": {}}, "no-fields"),
        ({"fields": []}, "no-fields"),
        ({"openapi": "3.0.0"}, "no-fields"),
        ({"fields": [{"name": str(n)} for n in range(501)]}, "too-many-fields"),
        ({"fields": [FIELD], "title": "a\0b"}, "characters"),
        ({"fields": [FIELD], "primaryKey": ["autre"]}, "unknown-column"),
        ({"fields": [FIELD], "primaryKey": 1}, "wrong-property"),
        ({"fields": [FIELD], "missingValues": "-"}, "wrong-property"),
    ],
)
def test_what_is_none(document: Any, code: str) -> None:
    assert [fault.code for fault in table_schema.faults(document)] == [code]


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (3, ("no-field", "2", "")),
        ({"type": "string"}, ("no-name", "2", "")),
        ({"name": " "}, ("no-name", "2", "")),
        (FIELD, ("same-name", "id", "")),
        ({"name": "a", "type": "texte"}, ("unknown-type", "a", "texte")),
        ({"name": "a", "type": ["x"]}, ("unknown-type", "a", "['x']")),
        ({"name": "a", "title": 1}, ("wrong-property", "a", "title")),
        ({"name": "a", "trueValues": []}, ("wrong-property", "a", "trueValues")),
        ({"name": "a", "synonyms": "b"}, ("wrong-property", "a", "synonyms")),
        ({"name": "a", "arrayItem": 1}, ("wrong-property", "a", "arrayItem")),
        ({"name": "a", "constraints": []}, ("wrong-property", "a", "constraints")),
        (
            {"name": "a", "constraints": {"pattern": "("}},
            ("wrong-property", "a", "pattern"),
        ),
        (
            {"name": "a", "constraints": {"required": "oui"}},
            ("wrong-property", "a", "required"),
        ),
        ({"name": "a", "constraints": {"enum": []}}, ("wrong-property", "a", "enum")),
        (
            {"name": "a", "constraints": {"minLength": True}},
            ("wrong-property", "a", "minLength"),
        ),
        (
            {"name": "a", "constraints": {"minimum": []}},
            ("wrong-property", "a", "minimum"),
        ),
        (
            {"name": "a", "constraints": {"longest": 3}},
            ("unknown-constraint", "a", "longest"),
        ),
    ],
)
def test_a_field_that_is_none_is_named(field: Any, told: tuple[str, str, str]) -> None:
    assert _faults(FIELD, field) == [told]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"{", Fault("not-json", found="1:2")),
        (b'{"a": 1,\n b}', Fault("not-json", found="2:2")),
        (b"", Fault("not-json", found="1:1")),
        (b"[" * 200_000, Fault("not-json", found="1:1")),
        (b'{"a": "\xe9"}', Fault("not-utf-8")),
        (b" " * (table_schema.MAX_BYTES + 1), Fault("too-large")),
    ],
)
def test_a_file_that_cannot_be_read(content: bytes, fault: Fault) -> None:
    with pytest.raises(table_schema.Unreadable) as error:
        table_schema.read(content)
    assert error.value.fault == fault


def test_a_file_is_read_with_its_mark() -> None:
    content = "\ufeff" + json.dumps({"fields": [FIELD]})
    assert table_schema.read(content.encode()) == {"fields": [FIELD]}


def test_what_is_kept_and_what_is_told() -> None:
    document = {
        "title": "Bancs",
        "fields": [
            {"name": "a", "title": "Lieu", "description": "Où.", "synonyms": ["Où"]},
            {"name": "b", "type": "date", "format": "default", "rdfType": "x"},
        ],
        "foreignKeys": [],
    }
    assert table_schema.descriptor(document) == {
        "fields": [
            {"name": "a", "type": "string"},
            {"name": "b", "type": "date", "format": "default"},
        ]
    }
    assert table_schema.columns(document) == {
        "a": {"title": "Lieu", "meaning": {"fr": "Où."}, "synonyms": ["Où"]},
        "b": {"title": "b"},
    }

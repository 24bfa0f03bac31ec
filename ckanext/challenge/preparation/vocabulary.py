"""The fields of a schema as preparation needs them: what conformity has, and the words
and kinds of the bundled files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ckanext.challenge.conformity.registry import Schema
from ckanext.challenge.domain.matching import Field, Vocabulary

#: What a rule of a schema says of the kind of its column.
_KIND_OF_RULE = {"french-siret-value": "siret", "french-siren-value": "siren"}
_KIND_OF_PATTERN = {
    r"^\d{14}$": "siret",
    r"^\d{9}$": "siren",
    r"^([013-9]\d|2[AB1-9])\d{3}$": "insee",
    r"^W\d{9}$": "rna",
}
_KIND_OF_PUBLISHER = {"siret": "siret", "siren": "siren", "insee": "insee"}


def of(schema: Schema) -> Vocabulary:
    """The vocabulary of a schema that has a descriptor.

    :raises ValueError: it has none
    """
    # Two schemas are equal if their names are; a portal may renew its own.
    content = json.dumps([schema.descriptor, schema.columns], default=str)
    return _made(schema, content)


@lru_cache(maxsize=64)
def _made(schema: Schema, content: str) -> Vocabulary:
    if schema.descriptor is None:
        raise ValueError(f"{schema.id} has no fields")
    missing = tuple(schema.descriptor.get("missingValues") or ("",))
    kinds = {
        rule["params"].get("column"): _KIND_OF_RULE[rule["name"]]
        for rule in schema.checks
        if rule["name"] in _KIND_OF_RULE
    }
    kinds |= {
        name: _KIND_OF_PUBLISHER[kind]
        for name, kind in schema.publisher.items()
        if kind in _KIND_OF_PUBLISHER
    }
    return Vocabulary(
        _field(field, schema.columns.get(field["name"], {}), kinds, missing, schema)
        for field in schema.descriptor["fields"]
    )


def _field(
    field: Mapping[str, Any],
    own: Mapping[str, Any],
    kinds: Mapping[str, str],
    missing: tuple[str, ...],
    schema: Schema,
) -> Field:
    name = field["name"]
    constraints = dict(field.get("constraints") or {})
    kind = own.get("kind") or kinds.get(name)
    kind = kind or _KIND_OF_PATTERN.get(str(constraints.get("pattern", "")))
    return Field(
        name=name,
        title=own.get("title") or field.get("title") or "",
        type=field.get("type", "string"),
        format=field.get("format", "default"),
        constraints=constraints,
        item=(field.get("arrayItem") or {}).get("constraints") or {},
        true_values=tuple(field.get("trueValues") or Field.true_values),
        false_values=tuple(field.get("falseValues") or Field.false_values),
        missing_values=missing,
        synonyms=tuple(own.get("synonyms") or ()),
        kind=kind,
        values={
            spelling: value
            for value, spellings in (own.get("values") or {}).items()
            for spelling in spellings
        },
        # What names the publisher is the portal's to know.
        computed=own.get("computed") or schema.publisher.get(name),
        derived=own.get("derived"),
        personal=bool(own.get("personal")),
        named_by=own.get("named_by"),
    )

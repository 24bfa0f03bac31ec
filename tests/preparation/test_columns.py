"""The columns of all kits, under whatever names."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from helpers import sheets

from ckanext.challenge.common.workbooks import take_in
from ckanext.challenge.conformity import examples, registry
from ckanext.challenge.domain import wording
from ckanext.challenge.domain.text import Text
from ckanext.challenge.preparation import vocabulary
from ckanext.challenge.preparation.steps import (
    find_table,
    match_columns,
    remember,
)

KITS = [schema for schema in registry.known().values() if schema.descriptor]
#: The official files, in a folder beside the repository or wherever one says.
OFFICIAL = Path(
    os.environ.get("CHALLENGE_OFFICIAL_SCHEMAS")
    or Path(__file__).parents[3] / "shared" / "data" / "scdl"
)


def _decided(schema: registry.Schema, header: list[str]) -> dict[str, str | None]:
    """What the columns of the schema's example are taken for, by field."""
    columns = examples.columns(schema)
    order = list(range(len(columns)))
    random.Random(schema.id).shuffle(order)
    body = [[row[number] for number in order] for row in examples.example(schema)]
    rows = [["Titre"], [header[number] for number in order], *body]
    table = find_table(take_in(sheets.xlsx({"F": rows}), "x"), schema)
    assert (table.header_row, len(table.columns)) == (2, len(columns))
    found = match_columns(table, schema)
    return {
        columns[number]: one.field if one.state == "decided" else None
        for number, one in zip(order, found, strict=True)
    }


@pytest.mark.seconds(0.2)
@pytest.mark.parametrize("schema", KITS, ids=lambda schema: schema.id)
def test_names_in_any_style_are_matched(schema: registry.Schema) -> None:
    names = list(examples.columns(schema))
    for style in (
        str,
        str.upper,
        lambda name: name.replace("_", " ").title(),
        lambda name: "".join(map(str.capitalize, name.split("_"))),
        lambda name: "-".join(wording.words(name)),
    ):
        assert _decided(schema, [style(name) for name in names]) == dict(
            zip(names, names, strict=True)
        )


@pytest.mark.parametrize("schema", KITS, ids=lambda schema: schema.id)
def test_titles_are_matched(schema: registry.Schema) -> None:
    words = vocabulary.of(schema)
    titles = {field.name: field.title for field in words.fields}
    assert all(titles.values())
    assert _decided(schema, list(titles.values())) == {name: name for name in titles}


@pytest.mark.parametrize("schema", KITS, ids=lambda schema: schema.id)
def test_a_synonym_is_of_one_field(schema: registry.Schema) -> None:
    words = vocabulary.of(schema)
    for field in words.fields:
        for synonym in field.synonyms:
            assert words.named(synonym) in (field.name, None), synonym


@pytest.mark.parametrize("schema", KITS, ids=lambda schema: schema.id)
def test_the_columns_of_a_bundled_schema_are_its_fields(
    schema: registry.Schema,
) -> None:
    assert list(schema.columns) == list(examples.columns(schema))
    known = {
        "title",
        "meaning",
        "synonyms",
        "kind",
        "values",
        "computed",
        "derived",
        "personal",
        "named_by",
    }
    for name, facts in schema.columns.items():
        assert facts.keys() <= known, name
    for field in vocabulary.of(schema).fields:
        assert field.named_by in (None, *schema.columns), field.name
        allowed = field.constraints.get("enum")
        if allowed:
            assert set(field.values.values()) <= set(allowed), field.name


def _official(schema: registry.Schema) -> dict[str, Any]:
    path = OFFICIAL / f"{schema.stem}.json"
    if not path.exists():
        pytest.skip("the official schema is not at hand")
    fields = json.loads(path.read_text(encoding="utf-8"))["fields"]
    return {field["name"]: field.get("title") for field in fields}


@pytest.mark.parametrize("schema", KITS, ids=lambda schema: schema.id)
def test_official_titles_are_matched(schema: registry.Schema) -> None:
    words = vocabulary.of(schema)
    titles = _official(schema)
    for name, title in titles.items():
        # A title that several fields have names none of them.
        if title and list(titles.values()).count(title) == 1:
            assert words.named(title) == name


def test_a_schema_of_a_portal_needs_no_data_of_ours_and_can_be_renewed() -> None:
    def own(title: str) -> registry.Schema:
        field = {"name": "F1", "type": "string", "title": title}
        name = Text(fr="Bancs", en="Benches")
        return registry.Schema("own/benches", name, descriptor={"fields": [field]})

    assert vocabulary.of(own("Emplacement du banc")).named("emplacement banc") == "F1"
    assert vocabulary.of(own("Lieu")).named("emplacement banc") is None
    with pytest.raises(ValueError, match="no fields"):
        vocabulary.of(registry.known()["etalab/schema-amenagements-cyclables"])


def test_what_a_person_chose_counts_and_is_remembered() -> None:
    schema = registry.known()["scdl/subventions"]
    rows = [
        ["Association", "Objet", "Montant", "Tiers payeur"],
        ["Chorale", "Concert", "100", "X"],
    ]
    table = find_table(take_in(sheets.xlsx({"F": rows}), "x"), schema)
    chosen = {"Tiers payeur": "nomAttribuant", "Objet": None}
    found = match_columns(table, schema, chosen=chosen)
    assert [one.field for one in found] == [
        "nomBeneficiaire",
        None,
        "montant",
        "nomAttribuant",
    ]
    again = match_columns(table, schema, memory=remember(found))
    assert [one.field for one in again] == [one.field for one in found]

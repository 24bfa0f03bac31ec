"""Our compact schemas, against the official ones where these are at hand."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from frictionless import Schema

from ckanext.challenge.conformity import check, registry
from ckanext.challenge.domain import table_schema

#: The official files, in a folder beside the repository or wherever one says.
OFFICIAL = Path(
    os.environ.get("CHALLENGE_OFFICIAL_SCHEMAS")
    or Path(__file__).parents[3] / "shared" / "data" / "scdl"
)
BUNDLED = {
    Path(file.name).stem: file
    for file in (resources.files("ckanext.challenge") / "conformity/schemas").iterdir()
    if file.name.endswith(".yaml")
}
CHECKED = [schema for schema in registry.known().values() if schema.descriptor]


def official() -> dict[str, dict[str, Any]]:
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(OFFICIAL.glob("*.json"))
    }


def _facts(field: dict[str, Any]) -> dict[str, Any]:
    """What of a field decides on a value: not its texts."""
    facts = {
        key: field[key]
        for key in ("name", "type", "format", "trueValues", "falseValues")
        if key in field
    }
    if facts.get("format") == "default":
        del facts["format"]
    facts |= _constraints(field)
    # Of a text it says nothing.
    if field["type"] == "array" and "arrayItem" in field:
        item = field["arrayItem"]
        facts["arrayItem"] = {"type": item["type"], **_constraints(item)}
    return facts


def _constraints(field: dict[str, Any]) -> dict[str, Any]:
    constraints = dict(field.get("constraints") or {})
    if constraints.get("required") is False:
        del constraints["required"]
    for bound in ("minimum", "maximum"):
        if isinstance(constraints.get(bound), str):
            constraints[bound] = int(constraints[bound])
    return {"constraints": constraints} if constraints else {}


# The folder may hold schemas that no kit of ours names.
@pytest.mark.parametrize("name", sorted(official().keys() & BUNDLED.keys()))
def test_it_is_the_official_one_field_by_field(name: str) -> None:
    wanted = official()[name]
    ours = yaml.safe_load(BUNDLED[name].read_text(encoding="utf-8"))
    assert [field["name"] for field in ours["fields"]] == [
        field["name"] for field in wanted["fields"]
    ]
    for mine, theirs in zip(ours["fields"], wanted["fields"], strict=True):
        assert mine == _facts(theirs)
    assert ours["version"] == wanted["version"].lstrip("v")
    assert ours.get("missingValues") == wanted.get("missingValues")
    assert ours.get("primaryKey") == wanted.get("primaryKey")
    assert ours.get("checks", []) == wanted.get("custom_checks", [])


@pytest.mark.parametrize("schema", CHECKED, ids=lambda schema: schema.id)
def test_a_bundled_schema_is_a_table_schema(schema: registry.Schema) -> None:
    descriptor = dict(schema.descriptor or {})
    assert set(descriptor) <= {"fields", "missingValues", "primaryKey"}
    assert Schema.from_descriptor(descriptor).field_names
    assert schema.version
    national = schema.version_of or schema.id
    assert schema.source == (
        f"https://schema.data.gouv.fr/schemas/{national}/{schema.version}/"
        + (schema.source or "").rsplit("/", 1)[-1]
    )


@pytest.mark.parametrize("schema", CHECKED, ids=lambda schema: schema.id)
def test_a_bundled_schema_holds_facts_and_no_sentences(schema: registry.Schema) -> None:
    for field in (schema.descriptor or {})["fields"]:
        assert set(field) <= {
            "name",
            "type",
            "format",
            "trueValues",
            "falseValues",
            "constraints",
            "arrayItem",
        }


@pytest.mark.parametrize("schema", registry.known().values(), ids=lambda s: s.id)
def test_a_known_schema_is_found_by_its_addresses(schema: registry.Schema) -> None:
    addresses = [
        schema.id,
        f"https://schema.data.gouv.fr/{schema.id}/",
        f"https://schema.data.gouv.fr/schemas/{schema.id}/latest/schema.json",
        *filter(None, [schema.source]),
    ]
    # Where versions are kept together, that place is of the one in use.
    if schema.homepage and schema.version_of is None:
        addresses.append(schema.homepage)
    for address in addresses:
        assert registry.normalise(address) == schema.id
    assert schema.title.fr
    assert schema.title.en


@pytest.mark.parametrize(
    "address",
    [
        "SCDL/Deliberations",
        "schema.data.gouv.fr/scdl/deliberations",
        "https://schema.data.gouv.fr/scdl/deliberations/latest.html",
        "https://git.opendatafrance.net/scdl/deliberations/",
        "git.opendatafrance.net/scdl/deliberations/raw/master/schema.json",
        "gitlab.com/opendatafrance/scdl/deliberations",
        "https://gitlab.com/opendatafrance/scdl/deliberations.git",
        "http://www.gitlab.com/opendatafrance/scdl/deliberations/-/raw/v2/schema.json",
        "https://validata.fr/table-schema?schema_name="
        "schema-datagouvfr.scdl%2Fdeliberations",
    ],
)
def test_an_address_is_known_in_all_forms_in_which_it_is_published(
    address: str,
) -> None:
    assert registry.normalise(address) == "scdl/deliberations"


@pytest.mark.parametrize(
    "address",
    [
        "github.com/etalab/schema-irve-statique",
        "https://github.com/etalab/schema-irve-statique/blob/main/schema.json",
        "raw.githubusercontent.com/etalab/schema-irve-statique/v2.3.1/schema.json",
    ],
)
def test_a_repository_of_the_state_names_its_schema(address: str) -> None:
    assert registry.normalise(address) == "etalab/schema-irve-statique"


@pytest.mark.parametrize("address", ["deliberations", "example.org/scdl/deliberations"])
def test_what_only_resembles_one_is_none(address: str) -> None:
    assert registry.normalise(address) is None


@pytest.mark.parametrize("schema", CHECKED, ids=lambda schema: schema.id)
def test_a_bundled_schema_could_be_added_by_a_portal(schema: registry.Schema) -> None:
    document = dict(schema.descriptor or {})
    assert not table_schema.faults(document)
    assert check.unusable(table_schema.descriptor(document)) is None

"""The shipped kits, and the actions that answer them."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import yaml

from ckanext.challenge import programmes
from ckanext.challenge.conformity import registry
from ckanext.challenge.domain.programme import Kit
from ckanext.challenge.schemas import choices

pytestmark = pytest.mark.usefixtures("with_plugins")

PACKAGE = resources.files("ckanext.challenge")
EXPECTED = [
    "deliberations",
    "subventions",
    "equipements",
    "prenoms",
    "budget",
    "catalogue",
    "dae",
    "irve-statique",
    "adresses",
    "bureaux-de-vote",
    "menus",
    "plats",
    "stationnement",
    "stationnement-cyclable",
    "covoiturage",
    "fontaines",
    "pei",
    "mediation-numerique",
    "hautes-remunerations",
]


def shipped() -> tuple[Kit, ...]:
    return programmes.get("saison").kits


def test_the_kits_of_a_season() -> None:
    assert [kit.key for kit in shipped()] == EXPECTED


def test_what_a_kit_proposes_is_accepted_by_the_forms() -> None:
    presets = yaml.safe_load((PACKAGE / "schemas/presets.yaml").read_text("utf-8"))
    frequencies = {
        choice["value"]
        for preset in presets["presets"]
        if preset["preset_name"] == "challenge_frequency"
        for choice in preset["values"]["choices"]
    }
    licences = {
        row["id"] for row in json.loads((PACKAGE / "licenses.json").read_text())
    }
    for kit in shipped():
        assert kit.frequency in frequencies, kit.key
        assert kit.licence in licences, kit.key
        for text in (kit.dataset_title, kit.dataset_notes):
            for lang in ("fr", "en"):
                assert text.in_(lang).count("{name}") == 1, kit.key
        for lang in ("fr", "en"):
            # The description alone is worth a point of quality.
            assert len(kit.dataset_notes.in_(lang).replace("{name}", "")) > 100
            assert len(kit.dataset_title.in_(lang)) < 80
        for tag in kit.tags:
            assert re.fullmatch(r"[\w \-.]{2,100}", tag), tag


def test_files_of_every_kit_can_be_checked() -> None:
    for kit in shipped():
        national = registry.get(kit.schema)
        assert national and national.descriptor, kit.key


def test_the_form_offers_each_kit_once() -> None:
    values = [choice["value"] for choice in choices.challenge_kit_choices({})]
    assert values[: len(EXPECTED)] == EXPECTED
    assert len(values) == len(set(values))


def call(action: str, **data: Any) -> Any:
    """An action, called by someone who is not logged in."""
    return tk.get_action(action)({"user": "", "ignore_auth": False}, data)


def test_anybody_may_list_the_kits() -> None:
    found = call("challenge_kit_list")
    assert found["count"] == len(found["results"])
    assert [row["name"] for row in found["results"]][: len(EXPECTED)] == EXPECTED
    row = found["results"][0]
    assert row["title"] == "Délibérations"
    assert row["schema"] == "scdl/deliberations"
    assert row["checked"] is True
    assert row["frequency"] == "quarterly"
    assert row["licence"] == "etalab-2.0"
    assert row["population"] == {"at_least": None, "at_most": None}
    json.dumps(found)


def test_a_list_of_kits_has_pages() -> None:
    found = call("challenge_kit_list", limit=2, offset=1)
    assert found["count"] >= len(EXPECTED)
    assert [row["name"] for row in found["results"]] == EXPECTED[1:3]


@pytest.mark.parametrize(
    ("arguments", "suits"),
    [
        ({"kind": "commune", "population": 5855}, True),
        ({"kind": "commune", "population": 1985}, False),
        ({"kind": "cc"}, False),
        ({"kind": "commune"}, True),
        ({}, True),
    ],
)
def test_kits_that_suit_a_collectivite(arguments: dict[str, Any], suits: bool) -> None:
    names = [row["name"] for row in call("challenge_kit_list", **arguments)["results"]]
    assert ("prenoms" in names) is suits
    assert "deliberations" in names


def test_one_kit() -> None:
    row = call("challenge_kit_show", kit="dae")
    assert row["schema"] == "atlasante/schema-dae"
    columns, example = row.pop("columns"), row.pop("example")
    assert row.pop("rules")[0] == {
        "name": "french-siren-value",
        "params": {"column": "expt_siren"},
    }
    assert row in call("challenge_kit_list", programme="saison")["results"]
    assert columns[0] == {
        "name": "nom",
        "title": "Nom donné au DAE",
        "meaning": "Le nom du lieu où se trouve le défibrillateur\u202f: "
        "«\u202fMairie\u202f», «\u202fStade\u202f».",
        "type": "string",
        "required": True,
    }
    assert columns[1] == {
        "name": "lat_coor1",
        "title": "Latitude",
        "meaning": "La position nord-sud\u202f: autour de 47 en Centre-Val de Loire.",
        "type": "number",
        "required": True,
        "minimum": -90,
        "maximum": 90,
    }
    assert all(len(line) == len(columns) for line in example)
    assert example[0][0] == "Mairie"


@pytest.mark.parametrize(
    ("action", "arguments", "error"),
    [
        ("challenge_kit_show", {}, tk.ValidationError),
        ("challenge_kit_show", {"kit": "piscines"}, tk.ObjectNotFound),
        ("challenge_kit_show", {"kit": ["dae"]}, tk.ValidationError),
        ("challenge_kit_list", {"programme": "autre"}, tk.ObjectNotFound),
        ("challenge_kit_list", {"programme": {"a": 1}}, tk.ValidationError),
        ("challenge_kit_list", {"kind": "ville"}, tk.ValidationError),
        ("challenge_kit_list", {"population": "beaucoup"}, tk.ValidationError),
        ("challenge_kit_list", {"limit": -1}, tk.ValidationError),
    ],
)
def test_wrong_arguments(
    action: str, arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        call(action, **arguments)


@pytest.mark.parametrize(
    ("lang", "title"), [("fr", "Défibrillateurs"), ("en", "Defibrillators")]
)
def test_texts_are_in_the_language_of_the_request(
    app: Any, lang: str, title: str
) -> None:
    response = app.get(f"/{lang}/api/3/action/challenge_kit_show?kit=dae")
    assert response.json["result"]["title"] == title

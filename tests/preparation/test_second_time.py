"""The tables of town halls, a second time: nothing is asked that was said before, but
what is of one year: that of the last one would be published unseen.

The tables are not a part of the package: the tests run where they are at hand.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from ckan.tests import factories
from factories import BAULE, call_as, collectivites
from werkzeug.datastructures import FileStorage

SHEETS = (
    Path(
        os.environ.get("CHALLENGE_CASES")
        or Path(__file__).parents[3] / "shared" / "cases"
    )
    / "sheets"
)
SIRET = "21450024100010"
#: What a secretary says once for all rows of a kit.
SAID = {
    "subventions": {
        "nomAttribuant": "Commune de Baule",
        "idAttribuant": SIRET,
        "conditionsVersement": "unique",
        "datesPeriodeVersement": "2025-01-01/2025-12-31",
        "notificationUE": "non",
        "pourcentageSubvention": "1",
    },
    "deliberations": {"COLL_NOM": "Commune de Baule", "COLL_SIRET": SIRET},
    "prenoms": {},
}

#: What is said each time: last year's period says nothing of this year's payments.
EACH_TIME = {"datesPeriodeVersement": "2026-01-01/2026-12-31"}

pytestmark = [
    pytest.mark.usefixtures(
        "with_plugins", "clean_db", "clean_index", "clean_queues", "storage"
    ),
    pytest.mark.skipif(not SHEETS.exists(), reason="the tables are not at hand"),
]


def _begin(editor: dict[str, Any], organization: str, kit: str, name: str) -> Any:
    upload = FileStorage(io.BytesIO((SHEETS / name).read_bytes()), name)
    return call_as(
        editor,
        "challenge_preparation_create",
        organization=organization,
        kit=kit,
        upload=upload,
    )


def _answer(editor: dict[str, Any], found: Any) -> Any:
    """Say all that is asked: columns, readings, and the number beside each name."""
    return call_as(
        editor,
        "challenge_preparation_update",
        id=found["id"],
        constants=SAID[found["kit"]],
        mapping={
            one["label"]: one["field"]
            for one in found["columns"]
            if one["state"] == "asked"
        },
        repairs={
            one["key"]: one["question"]["readings"][0]["key"]
            if one["question"]["readings"]
            else True
            for one in found["repairs"]
            if one["question"] and one["question"]["code"] != "lost-digits"
        },
    )


def _say_when(editor: dict[str, Any], found: Any) -> Any:
    """Say what is asked each year, and nothing else."""
    if found["kit"] != "subventions":
        return found
    lacking = {
        one["name"]
        for one in found["fields"]
        if one["required"] and one["source"] == "missing"
    }
    assert (found["state"], lacking) == ("to_match", {*EACH_TIME})
    return call_as(
        editor, "challenge_preparation_update", id=found["id"], constants=EACH_TIME
    )


@pytest.mark.parametrize(
    ("name", "kit"),
    [
        ("subventions-tableau.xlsx", "subventions"),
        ("subventions-excel.csv", "subventions"),
        ("deliberations-registre.xlsx", "deliberations"),
        ("prenoms.ods", "prenoms"),
    ],
)
def test_the_second_time_it_is_ready_at_once(name: str, kit: str) -> None:
    collectivites()
    editor = factories.User()
    organization = factories.Organization(
        title="Baule",
        siren=BAULE,
        users=[{"name": editor["name"], "capacity": "editor"}],
    )["name"]
    found = _answer(editor, _begin(editor, organization, kit, name))
    for _ in range(3):
        # What is wrong in a cell is typed: the number of whom the row names.
        edits = [
            {
                "row": one["row"],
                "field": "rnaBeneficiaire"
                if one["field"] in ("idBeneficiaire", "rnaBeneficiaire")
                else one["field"],
                "value": f"W4510{one['row']:05}",
            }
            for one in found["problems"]
            if "Beneficiaire" in one["field"]
        ]
        if not edits:
            break
        found = call_as(
            editor, "challenge_preparation_update", id=found["id"], edits=edits
        )
    assert found["state"] == "ready", (found["problems"], found["repairs"])
    call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    again = _say_when(editor, _begin(editor, organization, kit, name))
    assert again["state"] == "ready", (again["problems"], again["repairs"])


def test_what_was_said_is_kept_through_other_tables_and_years() -> None:
    collectivites()
    editor = factories.User()
    organization = factories.Organization(
        title="Baule",
        siren=BAULE,
        users=[{"name": editor["name"], "capacity": "editor"}],
    )["name"]
    said = ["conditionsVersement", "notificationUE", "pourcentageSubvention"]
    # The second table has columns for what was said of the first, the third has none.
    for name in ("subventions-tableau.xlsx", "subventions-excel.csv"):
        found = _answer(editor, _begin(editor, organization, "subventions", name))
        edits = [
            {"row": one["row"], "field": "rnaBeneficiaire", "value": "W451000001"}
            for one in found["problems"]
            if "Beneficiaire" in one["field"]
        ]
        if edits:
            found = call_as(
                editor, "challenge_preparation_update", id=found["id"], edits=edits
            )
        call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    again: Any = {}
    for _ in range(2):
        again = _begin(editor, organization, "subventions", "subventions-tableau.xlsx")
        again = _say_when(editor, again)
        assert again["state"] == "ready", (again["problems"], again["repairs"])
        call_as(editor, "challenge_preparation_publish", id=again["id"], mode="new")
    sources = {one["name"]: one for one in again["fields"]}
    assert {sources[name]["source"] for name in said} == {"constant"}


def test_what_was_said_of_a_table_hides_no_column_of_another() -> None:
    collectivites()
    editor = factories.User()
    organization = factories.Organization(
        title="Baule",
        siren=BAULE,
        users=[{"name": editor["name"], "capacity": "editor"}],
    )["name"]
    said = {**SAID["subventions"], "nature": "aide en nature"}
    csv = b"Association;Montant;Date;Objet\nHarmonie;1500;2025-03-12;Concerts\n"
    first = call_as(
        editor,
        "challenge_preparation_create",
        organization=organization,
        kit="subventions",
        upload=FileStorage(io.BytesIO(csv), "un.csv"),
    )
    call_as(
        editor,
        "challenge_preparation_update",
        id=first["id"],
        constants=said,
        edits=[{"row": 1, "field": "rnaBeneficiaire", "value": "W451000001"}],
    )
    call_as(editor, "challenge_preparation_publish", id=first["id"], mode="new")
    lines = csv.replace(b"Objet", b"Objet;Nature").replace(
        b"Concerts", "Concerts;aide en numéraire".encode()
    )
    second = call_as(
        editor,
        "challenge_preparation_create",
        organization=organization,
        kit="subventions",
        upload=FileStorage(io.BytesIO(lines), "deux.csv"),
    )
    assert second["preview"][0]["nature"] == "aide en numéraire"
    assert second["preview"][0]["notificationUE"] == "non"
    # What was said the last time is taken back by an empty text.
    third = call_as(
        editor,
        "challenge_preparation_update",
        id=second["id"],
        constants={"notificationUE": ""},
    )
    assert third["preview"][0]["notificationUE"] == ""
    assert "notificationUE" not in third["constants"]

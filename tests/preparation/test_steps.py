"""From a workbook to a file that conforms: all steps, one after the other."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from helpers import sheets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, to_excel

from ckanext.challenge.common.workbooks import take_in, take_in_cells
from ckanext.challenge.conformity import check, examples, registry
from ckanext.challenge.domain.matching import Field
from ckanext.challenge.preparation import steps, vocabulary
from ckanext.challenge.preparation.steps import Context, Result

KITS = [schema for schema in registry.known().values() if schema.descriptor]
SUBVENTIONS = registry.known()["scdl/subventions"]
DELIBERATIONS = registry.known()["scdl/deliberations"]
TOWN = Context(
    name="Val-Exemple", siret="21000012100017", siren="210000121", insee="00012"
)
#: Tables as town halls keep them, in a folder beside the repository or elsewhere.
CASES = Path(
    os.environ.get("CHALLENGE_CASES") or Path(__file__).parents[3] / "shared" / "cases"
)


def _all_steps(
    content: bytes,
    schema: registry.Schema,
    context: Context = TOWN,
    choices: dict[str, Any] | None = None,
    **options: Any,
) -> Result:
    table = steps.find_table(take_in(content, "x"), schema)
    matches = steps.match_columns(table, schema)
    return steps.result(table, matches, schema, context, choices, **options)


def _column(found: Result, name: str) -> list[str]:
    return found.columns[found.names.index(name)]


def _csv(rows: Sequence[Sequence[str]], separator: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode()


# -- what stays


@pytest.mark.parametrize("schema", KITS, ids=lambda schema: schema.id)
def test_a_file_that_conforms_comes_back_to_the_byte(schema: registry.Schema) -> None:
    rows = [examples.columns(schema), *examples.example(schema)]
    found = _all_steps(_csv(rows), schema)
    assert steps.to_csv(found) == _csv(rows)
    assert not any(one.applied for one in found.repairs)


def test_what_is_right_as_it_is_is_not_made_better() -> None:
    rows = [list(row) for row in examples.example(DELIBERATIONS)]
    subject = examples.columns(DELIBERATIONS).index("DELIB_OBJET")
    rows[0][subject] = " Fe\u0302te "
    found = _all_steps(_csv([examples.columns(DELIBERATIONS), *rows]), DELIBERATIONS)
    assert _column(found, "DELIB_OBJET")[0] == " Fe\u0302te "
    assert {one.kind: one.applied for one in found.repairs} == {
        "spaces": False,
        "accents": False,
    }


@pytest.mark.parametrize("epoch", [CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904])
@pytest.mark.parametrize("shown", ["General", "dd/mm/yyyy"])
def test_days_of_workbooks_that_count_from_1904(epoch: dt.datetime, shown: str) -> None:
    book = openpyxl.Workbook()
    book.epoch = epoch
    names = examples.columns(DELIBERATIONS)
    sheet = book.worksheets[0]
    sheet.append(names)
    sheet.append(examples.example(DELIBERATIONS)[0])
    day = int(to_excel(dt.date(2025, 3, 12), epoch))
    sheet.cell(2, names.index("DELIB_DATE") + 1, day).number_format = shown
    sheet.cell(2, names.index("VOTE_POUR") + 1, 45000)
    found = _all_steps(sheets.saved(book), DELIBERATIONS)
    assert _column(found, "DELIB_DATE") == ["2025-03-12"]
    assert _column(found, "VOTE_POUR") == ["45000"]


# -- any way of writing a table


def _texts(field: Field) -> Callable[[str], Any]:
    """How a person writes the cells of a field."""
    if field.type == "date":
        return lambda text: dt.date.fromisoformat(text).strftime("%d/%m/%Y")
    if field.type in ("number", "integer") and field.kind is None:
        return lambda text: (
            text.replace(".", ",") + (" €" if field.type == "number" else "")
        )
    if field.type == "boolean":
        return lambda text: "Oui" if text in field.true_values else "NON"
    if field.kind == "siret":
        return lambda text: f"{text[:3]} {text[3:6]} {text[6:9]} {text[9:]}"
    if "enum" in field.constraints:
        return str.upper
    return str


def _typed(field: Field) -> Callable[[str], Any]:
    """How a spreadsheet keeps the cells of a field."""
    if field.type == "date":
        return dt.date.fromisoformat
    if field.type in ("number", "integer", "year"):
        return float
    if field.type == "boolean":
        return lambda text: text in field.true_values
    if field.kind == "siret":
        return int
    return str


WAYS = st.fixed_dictionaries(
    {
        "order": st.randoms(use_true_random=False),
        "format": st.sampled_from(["xlsx", "ods", "csv", "cells"]),
        "cells": st.sampled_from([_texts, _typed, lambda field: str]),
        "labels": st.sampled_from(["name", "title", "upper"]),
        "titles": st.integers(0, 3),
        "offset": st.integers(0, 2),
        "blank": st.booleans(),
        "total": st.booleans(),
        "note": st.booleans(),
        "group": st.booleans(),
        "extra": st.booleans(),
        "repeated": st.booleans(),
    }
)


def _written(schema: registry.Schema, way: dict[str, Any]) -> bytes:
    fields = list(vocabulary.of(schema).fields)
    names = list(examples.columns(schema))
    order = list(range(len(names)))
    way["order"].shuffle(order)
    write = {
        "name": lambda field: field.name,
        "title": lambda field: field.title,
        "upper": lambda field: field.name.upper().replace("_", " "),
    }[way["labels"]]
    header = [write(fields[number]) for number in order]
    body: list[list[Any]] = []
    for row in examples.example(schema):
        body.append(
            [
                way["cells"](fields[number])(row[number]) if row[number] else ""
                for number in order
            ]
        )
    rows: list[list[Any]] = [["Commune de Val-Exemple"], [], ["Exercice 2025"]]
    rows = rows[: way["titles"]]
    if way["group"]:
        rows.append(["Identité", *([""] * (len(header) - 2)), "Divers"])
    if way["extra"]:
        header.append("Vu par")
        body = [[*row, "secrétariat"] for row in body]
    rows.append(header)
    for number, row in enumerate(body):
        if number == 1:
            rows += [[]] if way["blank"] else []
            rows += [header] if way["repeated"] else []
        rows.append(row)
    if way["total"]:
        rows.append(["TOTAL", *([""] * (len(header) - 3)), "3"])
    if way["note"]:
        rows += [[], ["Tableau établi par le secrétariat"]]
    rows = [[*([""] * way["offset"]), *row] for row in rows]
    return _saved(rows, way)


def _saved(rows: list[list[Any]], way: dict[str, Any]) -> bytes:
    if way["format"] == "xlsx":
        merged = "A1:C1" if way["titles"] and not way["offset"] else ""
        return sheets.xlsx({"Feuil1": rows}, {"Feuil1": merged})
    if way["format"] == "ods":
        return sheets.ods(
            {
                "Feuil1": [
                    [
                        {True: "VRAI", False: "FAUX"}[cell]
                        if cell in (True, False) and isinstance(cell, bool)
                        else cell
                        for cell in row
                    ]
                    for row in rows
                ]
            }
        )
    texts = [[str(cell) for cell in row] for row in rows]
    separator = ";" if way["format"] == "csv" else "\t"
    content = _csv(texts, separator).decode()
    return content.encode("windows-1252" if way["format"] == "csv" else "utf-8")


def _same(field: Field, one: str, other: str) -> bool:
    if field.type == "number" and one and other:
        return Decimal(one) == Decimal(other)
    if field.type == "boolean" and one and other:
        return (one in field.true_values) is (other in field.true_values)
    return one == other


def _answers(schema: registry.Schema) -> dict[str, Any]:
    """Answers to what the cells of a table may leave open."""
    names = examples.columns(schema)
    return {f"{name}:day-order": "day-first" for name in names} | {
        f"{name}:number-style": "decimals" for name in names
    }


@pytest.mark.seconds(0.3)
@pytest.mark.parametrize("schema", KITS, ids=lambda schema: schema.id)
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(way=WAYS)
def test_a_table_that_conforms_comes_back_from_any_workbook(
    schema: registry.Schema, way: dict[str, Any]
) -> None:
    content = _written(schema, way)
    found = _all_steps(content, schema, choices=_answers(schema))
    fields = vocabulary.of(schema).fields
    wanted = examples.example(schema)
    assert len(list(found.rows())) == len(wanted)
    for number, field in enumerate(fields):
        for row, text in enumerate(found.columns[number]):
            assert _same(field, text, wanted[row][number]), (field.name, text)
    again = _all_steps(steps.to_csv(found), schema)
    assert list(again.rows()) == list(found.rows())


# -- what fills itself


def test_what_the_portal_knows_fills_itself_and_a_constant_counts_first() -> None:
    text = "Association\tObjet\tMontant\tDate\nChorale\tConcert\t100\t2025-01-31"
    table = steps.find_table(take_in_cells(text), SUBVENTIONS)
    matches = steps.match_columns(table, SUBVENTIONS)
    found = steps.result(
        table, matches, SUBVENTIONS, TOWN, constants={"nature": "aide en nature"}
    )
    where = {one.field: (one.source, one.value) for one in found.sources}
    assert where["nomAttribuant"] == ("computed", "Val-Exemple")
    assert where["idAttribuant"] == ("computed", "21000012100017")
    assert where["nature"] == ("constant", "aide en nature")
    assert where["objet"] == ("column", None)
    assert where["conditionsVersement"] == ("missing", None)
    (row,) = found.rows()
    assert dict(zip(found.names, row, strict=True))["nature"] == "aide en nature"


def test_the_year_is_that_of_the_sheet_or_of_the_title() -> None:
    schema = registry.known()["scdl/prenoms"]
    rows = [["Sexe", "Prénom", "Nombre"], ["fille", "ALBA", 2]]
    found = _all_steps(sheets.xlsx({"2023": rows, "Naissances 2024": rows}), schema)
    assert _column(found, "ANNEE") == ["2023", "2024"]
    assert next(found.rows()) == ("Val-Exemple", "00012", "F", "Alba", "2", "2023")
    titled = [["Prénoms donnés en 2022"], *rows]
    found = _all_steps(sheets.xlsx({"Feuil1": titled}), schema)
    assert _column(found, "ANNEE") == ["2022"]
    found = _all_steps(sheets.xlsx({"Feuil1": rows}), schema)
    assert _column(found, "ANNEE") == [""]
    known = _all_steps(sheets.xlsx({"Feuil1": rows}), schema, Context(year="2021"))
    assert _column(known, "ANNEE") == ["2021"]


def test_numbers_can_be_made_and_headings_follow_from_codes() -> None:
    rows = [
        ["Séance du", "Objet", "Matière"],
        ["31/12/2024", "a", "7.5"],
        ["15/01/2025", "b", "9.9"],
        ["16/01/2025", "c", "5,2"],
    ]
    found = _all_steps(
        _csv(rows, ";"), DELIBERATIONS, constants={"DELIB_ID": steps.SERIAL}
    )
    assert _column(found, "DELIB_ID") == ["2024-001", "2025-001", "2025-002"]
    assert _column(found, "DELIB_MATIERE_NOM") == [
        "Finances locales/Subventions",
        "",
        "Institutions et vie politique/Fonctionnement des assemblées",
    ]


def test_what_a_person_types_in_a_cell_counts() -> None:
    rows = [["Objet", "Montant"], ["a", "1"], ["b", "environ 2"]]
    found = _all_steps(
        _csv(rows), SUBVENTIONS, edits={(1, "montant"): "2", (0, "idRAE"): "x"}
    )
    assert _column(found, "montant") == ["1", "2"]
    assert _column(found, "idRAE") == ["x", ""]


def test_rows_that_are_the_same_are_asked() -> None:
    rows = [["Objet", "Montant"], ["a", "1"], ["a", "1"], ["b", "2"]]
    found = _all_steps(_csv(rows), SUBVENTIONS)
    (repair,) = found.repairs
    assert (repair.kind, repair.cells, repair.applied) == ("doubled-rows", 1, False)
    found = _all_steps(_csv(rows), SUBVENTIONS, choices={repair.key: True})
    assert _column(found, "objet") == ["a", "b"]
    assert [place.row for place in found.places] == [2, 4]


def test_columns_that_were_only_proposed_are_not_taken() -> None:
    table = steps.find_table(take_in_cells("Objet\tMontant\na\t1"), SUBVENTIONS)
    asked = [
        steps.Match(one.column, one.field, one.confidence, "asked")
        for one in steps.match_columns(table, SUBVENTIONS)
    ]
    found = steps.result(table, asked, SUBVENTIONS, TOWN)
    assert _column(found, "objet") == [""]


def test_columns_of_persons_are_left_out_unless_a_person_chooses_them() -> None:
    rows = [
        ["Association", "Objet", "Référence", "Téléphone", "IBAN"],
        ["Chorale", "Concert", "a.b@example.org", "0612345678", ""],
        ["DUPONT Marie", "Aide", "c.d@example.org", "0612345679", ""],
    ]
    table = steps.find_table(take_in(_csv(rows), "x"), SUBVENTIONS)
    matches = steps.match_columns(table, SUBVENTIONS)
    found = steps.personal(table, matches, SUBVENTIONS)
    assert {label: (one.kind, one.leave_out) for label, one in found.items()} == {
        "Association": ("name", False),
        "Référence": ("email", True),
        "Téléphone": ("phone", True),
        "IBAN": ("iban", True),
    }

    def published(kept: list[str]) -> bytes:
        wanted = steps.without_personal(matches, found, kept)
        return steps.to_csv(steps.result(table, wanted, SUBVENTIONS, TOWN))

    assert b"example.org" not in published([])
    assert b"0612345678" not in published([])
    assert b"a.b@example.org" in published(["Référence"])


def test_the_result_conforms(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["Registre des délibérations"],
        [],
        ["N°", "Séance du", "Objet", "Matière", "Présents", "Votants", "Pour"],
        ["2025-01", dt.date(2025, 3, 12), "Aide au club", 7.5, 13, 13, 12],
    ):
        sheet.append(row)
    sheet["H3"], sheet["I3"], sheet["H4"], sheet["I4"] = "Contre", "Abst.", 0, 1
    path = tmp_path / "out.csv"
    path.write_bytes(steps.to_csv(_all_steps(sheets.saved(book), DELIBERATIONS)))
    report = check.check(path, DELIBERATIONS)
    assert (report.status, report.rows) == ("valid", 1)


# -- tables as town halls keep them


def _cases() -> dict[str, Any]:
    path = CASES / "sheets" / "expected.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


@pytest.mark.parametrize("name", sorted(_cases()))
def test_a_table_of_a_town_hall(name: str) -> None:
    wanted = _cases()[name]
    schema = registry.known()[f"scdl/{wanted['kit']}"]
    book = take_in(CASES / "sheets" / name, name)
    table = steps.find_table(book, schema)
    assert table.header_row == wanted.get("header_row", 1)
    assert list(table.sheets) == wanted.get("sheets", list(table.sheets))
    assert len(table.places) == wanted["rows"]
    matches = steps.match_columns(table, schema)
    decided = {one.column: one.field for one in matches if one.state == "decided"}
    assert decided == wanted["columns"]
    assert [one.column for one in matches if one.state != "decided"] == wanted.get(
        "left_out", []
    )
    found = steps.result(table, matches, schema, TOWN, _answers(schema))
    for key, values in wanted["values"].items():
        field, _, sheet = key.partition(" of ")
        cells = [
            text
            for text, place in zip(_column(found, field), found.places, strict=True)
            if place.sheet == sheet or not sheet
        ]
        assert cells == values
    known = {one.field for one in found.sources if one.source == "computed"}
    assert known == set(wanted.get("constants", known))
    assert len([one for one in table.left_out if one.why in ("total", "note")]) == len(
        wanted.get("dropped", [])
    )

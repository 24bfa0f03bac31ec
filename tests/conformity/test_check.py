"""The check of a file: what it finds, where, and what it makes of what is no table."""

from __future__ import annotations

import csv
import io
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ckanext.challenge.conformity import check as checking
from ckanext.challenge.conformity import examples, reading, registry
from ckanext.challenge.conformity.report import STORED_ERRORS, Report

ROWS: dict[str, dict[str, str]] = {
    "scdl/deliberations": {
        "COLL_NOM": "Commune de Baule",
        "COLL_SIRET": "21450024100010",
        "DELIB_ID": "2022-01",
        "DELIB_DATE": "2022-02-28",
        "DELIB_MATIERE_CODE": "7.5",
        "DELIB_MATIERE_NOM": "Finances locales/Subventions",
        "DELIB_OBJET": "Aide à l'association, pour l'année « 2022 »",
    },
    "scdl/subventions": {
        "nomAttribuant": "Commune de Baule",
        "idAttribuant": "21450024100010",
        "dateConvention": "2022-02-28",
        "nomBeneficiaire": "Association",
        "rnaBeneficiaire": "W001234567",
        "objet": "Fonctionnement",
        "montant": "1500.50",
        "nature": "aide en numéraire",
        "conditionsVersement": "unique",
        "datesPeriodeVersement": "2022-03-01/2022-04-01",
        "notificationUE": "non",
        "pourcentageSubvention": "1",
    },
    "scdl/equipements": {
        "COLL_NOM": "Commune de Baule",
        "COLL_SIRET": "21450024100010",
        "EQUIP_UID": "45024-20220101-001",
        "EQUIP_THEME": "Equipement culturel",
        "EQUIP_CODE": "F303",
        "EQUIP_TYPE": "Bibliothèque",
        "EQUIP_NOM": "Bibliothèque municipale",
        "ADR_NUMERO": "1",
        "ADR_NOMVOIE": "rue de l'École",
        "ADR_CODEPOSTAL": "45130",
        "ADR_COMMUNE": "Baule",
        "EQUIP_LAT": "47.81",
        "EQUIP_LONG": "1.67",
    },
    "scdl/prenoms": {
        "COLL_INSEE": "45024",
        "ENFANT_SEXE": "F",
        "ENFANT_PRENOM": "Zoé",
        "NOMBRE_OCCURRENCES": "3",
        "ANNEE": "2022",
    },
    "scdl/budget": {
        "BGT_NATDEC": "budget primitif",
        "BGT_ANNEE": "2022",
        "BGT_SIRET": "21450024100010",
        "BGT_NOM": "Commune de Baule",
        "BGT_CONTNAT": "02",
        "BGT_CONTNAT_LABEL": "Terrains",
        "BGT_NATURE": "6574",
        "BGT_NATURE_LABEL": "Subventions",
        "BGT_SECTION": "fonctionnement",
        "BGT_OPBUDG": "réel",
        "BGT_CODRD": "dépense",
    },
    "scdl/catalogue": {
        "COLL_NOM": "Commune de Baule",
        "COLL_SIRET": "21450024100010",
        "ID": "1",
        "TITRE": "Délibérations",
        "DESCRIPTION": "Ce que le conseil décide",
        "THEME": "Administration",
        "PRODUCTEUR_NOM": "Commune de Baule",
        "PRODUCTEUR_SIRET": "21450024100010",
        "COUV_SPAT_MAILLE": "Communale",
        "COUV_SPAT_NOM": "Baule",
        "COUV_TEMP_DEBUT": "2022-01-01",
        "COUV_TEMP_FIN": "2022-12-31",
        "DATE_PUBL": "2022-12-01",
        "FREQ_MAJ": "Annuelle",
        "DATE_MAJ": "2022-12-01",
        "MOTS_CLES": "conseil",
        "LICENCE": "Licence Ouverte-LO",
        "NOMBRE_RESSOURCES": "1",
        "FORMAT_RESSOURCES": "csv",
        "URL": "https://example.org/deliberations.csv",
    },
    "atlasante/schema-dae": {
        "nom": "Mairie",
        "lat_coor1": "47.81",
        "long_coor1": "1.67",
        "acc": "Extérieur",
        "acc_lib": "oui",
        "disp_j": "lundi|mardi",
        "disp_h": "24h/24",
        "tel1": "+33238450000",
        "etat_fonct": "En fonctionnement",
        "fab_rais": "Fabricant",
        "modele": "M1",
        "num_serie": "A1",
        "dermnt": "2022-01-01",
        "expt_siren": "214500241",
        "expt_rais": "Commune de Baule",
        "expt_tel1": "+33238450000",
        "expt_email": "mairie@example.org",
    },
    "etalab/schema-irve-statique": {
        "contact_operateur": "contact@example.org",
        "nom_enseigne": "Réseau",
        "id_station_itinerance": "FRS45P45024001",
        "nom_station": "Place de la mairie",
        "implantation_station": "Voirie",
        "adresse_station": "1 place de la mairie 45130 Baule",
        "coordonneesXY": "[1.67, 47.81]",
        "nbre_pdc": "2",
        "id_pdc_itinerance": "FRS45E450240011",
        "puissance_nominale": "22",
        "prise_type_ef": "true",
        "prise_type_2": "true",
        "prise_type_combo_ccs": "false",
        "prise_type_chademo": "false",
        "prise_type_autre": "false",
        "paiement_acte": "true",
        "condition_acces": "Accès libre",
        "reservation": "false",
        "horaires": "24/7",
        "accessibilite_pmr": "Accessibilité inconnue",
        "restriction_gabarit": "Aucune",
        "station_deux_roues": "false",
        "date_maj": "2022-12-01",
    },
}

#: For each schema, a cell that is wrong and why.
WRONG = [
    ("scdl/deliberations", "DELIB_DATE", "31/02/2023", "type-error", None),
    (
        "scdl/deliberations",
        "COLL_SIRET",
        "2145002410001",
        "constraint-error",
        "pattern",
    ),
    ("scdl/subventions", "nature", "aide", "constraint-error", "enum"),
    ("scdl/subventions", "notificationUE", "true", "type-error", None),
    ("scdl/equipements", "ADR_CODEPOSTAL", "451300", "constraint-error", "maxLength"),
    ("scdl/prenoms", "ENFANT_PRENOM", "ZOÉ", "constraint-error", "pattern"),
    ("scdl/prenoms", "NOMBRE_OCCURRENCES", "0", "constraint-error", "minimum"),
    ("scdl/budget", "BGT_ANNEE", "22", "type-error", None),
    ("scdl/catalogue", "TITRE", "", "constraint-error", "required"),
    ("atlasante/schema-dae", "lat_coor1", "147.8", "constraint-error", "maximum"),
    ("atlasante/schema-dae", "expt_email", "mairie", "type-error", None),
    ("etalab/schema-irve-statique", "coordonneesXY", "1.67, 47.81", "type-error", None),
]

DELIBERATIONS = "scdl/deliberations"


def table(*rows: dict[str, str], separator: str = ",", columns: Any = None) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(columns or rows[0]), delimiter=separator, extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def row(schema: str = DELIBERATIONS, **changes: str) -> dict[str, str]:
    return ROWS[schema] | changes


@pytest.fixture
def judge(tmp_path: Path) -> Any:
    def check(
        content: str | bytes, schema: str = DELIBERATIONS, encoding: str | None = None
    ) -> Report:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        national = registry.get(schema)
        assert national
        return checking.check(path, national, encoding)

    return check


def test_there_is_an_example_for_every_schema() -> None:
    checked = {s.id: s for s in registry.known().values() if s.descriptor}
    assert set(ROWS) <= checked.keys()
    assert all(examples.example(schema) for schema in checked.values())


@pytest.mark.parametrize("schema", ROWS)
def test_a_file_that_conforms(judge: Any, schema: str) -> None:
    report = judge(table(row(schema)), schema)
    assert report == Report("valid", rows=1, encoding="utf-8", separator=",")


@pytest.mark.parametrize(("schema", "column", "value", "type_", "constraint"), WRONG)
def test_a_wrong_cell_is_named(  # noqa: PLR0917 (a row of the table above)
    judge: Any,
    schema: str,
    column: str,
    value: str,
    type_: str,
    constraint: str | None,
) -> None:
    first = row(schema)
    second = row(schema, **{column: value})
    if "num_serie" in second:
        second["num_serie"] = "another"
    report = judge(table(first, second), schema)
    assert (report.status, report.rows, report.error_count) == ("invalid", 2, 1)
    (problem,) = report.errors
    assert (problem.type, problem.row, problem.column) == (type_, 3, column)
    assert problem.column_number == list(first).index(column) + 1
    assert problem.value == (value or None)
    assert problem.constraint == constraint
    assert problem.expected is not None
    assert problem.message


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("cp1252", "windows-1252"),
    ],
)
def test_encodings_and_separators(
    judge: Any, separator: str, written: str, read: str
) -> None:
    content = table(row(), row(DELIB_OBJET="Vœu"), separator=separator)
    report = judge(content.encode(written))
    assert (report.status, report.rows, report.errors) == ("valid", 2, ())
    assert (report.encoding, report.separator) == (read, separator)
    # What could be better is said, and no failure.
    advice = {group.examples[0].type for group in report.groups if group.is_advice}
    assert len(advice) == len(report.groups)
    mark = "byte-order-mark" if written == "utf-8-sig" else "other-encoding"
    assert advice == {
        *([mark] if read != "utf-8" else []),
        *(["other-separator"] if separator != "," else []),
    }


def test_the_declared_encoding_counts_where_it_is_not_utf_8(judge: Any) -> None:
    content = table(row(DELIB_OBJET="Coût : 5 €"))
    report = judge(content.encode("iso-8859-15"), encoding="iso-8859-15")
    assert report.encoding == "iso-8859-15"
    assert judge(content, encoding="iso-8859-15").encoding == "utf-8"


def test_columns_come_in_any_order_and_unknown_ones_are_ignored(judge: Any) -> None:
    columns = ["REMARQUE", *reversed(ROWS[DELIBERATIONS])]
    content = table(row(REMARQUE="x", DELIB_DATE="hier"), columns=columns)
    (problem,) = judge(content).errors
    assert problem.column == "DELIB_DATE"
    assert problem.column_number == columns.index("DELIB_DATE") + 1


def test_problems_of_the_header(judge: Any) -> None:
    given = row()
    given["delib date"] = given.pop("DELIB_DATE")
    del given["COLL_SIRET"]
    content = table(given).replace("DELIB_ID,", "DELIB_ID,DELIB_ID,,", 1)
    content = content.replace("2022-01,", "2022-01,2022-01,,", 1)
    found = {(p.type, p.column, p.value) for p in judge(content).errors}
    assert found == {
        ("label-spelling", "DELIB_DATE", "delib date"),
        ("duplicate-label", "DELIB_ID", "DELIB_ID"),
        ("blank-label", None, None),
        ("missing-label", "COLL_SIRET", None),
    }


def test_lines_are_those_of_the_file(judge: Any) -> None:
    content = table(
        row(DELIB_OBJET="Sur\ntrois\nlignes"),
        row(DELIB_OBJET="Une"),
        row(DELIB_DATE="x"),
    )
    (problem,) = judge(content).errors
    assert problem.row == 6


def test_rows_that_are_too_short_or_too_long(judge: Any) -> None:
    content = table(row()) + "Baule\r\n" + table(row()).splitlines()[1] + "," * 5000
    report = judge(content)
    # One problem for each line, however many cells it has too few or too many.
    assert [(problem.type, problem.row) for problem in report.errors] == [
        ("missing-cell", 3),
        ("extra-cell", 4),
    ]
    assert report.errors[0].expected == {"cells": 1, "columns": 7}


NO_TABLES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "a byte-order mark": (b"\xef\xbb\xbf", "empty"),
    "blanks": (b" \r\n\n", "empty"),
    "a zip": (b"PK\x03\x04\x14\x00" + b"x" * 100, "archive"),
    "xlsx": (b"PK\x03\x04\x14\x00[Content_Types].xml", "spreadsheet"),
    "ods": (
        b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
        "spreadsheet",
    ),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1", "spreadsheet"),
    "gzip": (b"\x1f\x8b\x08", "archive"),
    "pdf": (b"%PDF-1.7", "pdf"),
    "html": (b"<!DOCTYPE html>\n<html>", "html"),
    "html after a mark": ("\ufeff\n <HTML>".encode(), "html"),
    "xml": (b"<?xml version='1.0'?>", "xml"),
    "a json object": (b'{"a": 1}', "json"),
    "a json array": (b"[[1, 2]]", "json"),
    "a NUL": (b"a,b\n1,\x002\n", "binary"),
    "a NUL far away": (b"a,b\n" + b"x" * 200_000 + b"\x00", "binary"),
    "half a character": (b"\xff\xfe\x00", "encoding"),
    "a long line": (b"a,b\n" + b"x" * (reading.MAX_LINE + 1), "line-too-long"),
    "a long header": (b"x" * (reading.MAX_LINE + 1), "line-too-long"),
    "an open quote": (b"a,b\n" + b'"' + b"1,2\n" * 400_000, "line-too-long"),
    "an open quote in the header": (b'"a,b\n' + b"1,2\n" * 400_000, "line-too-long"),
    "ten million columns": (b"," * 10_000_000, "line-too-long"),
    "too many columns": (b"," * 5000, "too-many-columns"),
}


@pytest.mark.parametrize("kind", NO_TABLES)
def test_what_is_no_table_has_a_reason(judge: Any, kind: str) -> None:
    content, reason = NO_TABLES[kind]
    report = judge(content)
    assert report.status == "error"
    assert report.error_count == 1
    assert [problem.type for problem in report.errors] == [reason]


def test_a_header_alone_is_not_enough(judge: Any) -> None:
    report = judge(table(row()).splitlines()[0])
    assert (report.status, report.rows) == ("invalid", 0)
    assert [problem.type for problem in report.errors] == ["no-rows"]


def test_a_table_about_something_else(judge: Any) -> None:
    report = judge("nom;prenom\nDurand;Zoé\n")
    assert report.separator == ";"
    assert {problem.type for problem in report.errors} == {"missing-label"}


def test_rows_and_problems_have_limits(
    judge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MAX_ROWS", 20)
    report = judge(table(*[row()] * 30))
    assert (report.status, report.rows, report.partial) == ("valid", 20, True)
    monkeypatch.setattr(checking, "MAX_ROWS", 5000)
    some = table(*[row(DELIB_DATE="x", COLL_SIRET="y")] * 400)
    report = judge(some)
    assert (report.rows, report.error_count, report.partial) == (400, 800, False)
    assert len(report.errors) == STORED_ERRORS
    report = judge(table(*[row(DELIB_DATE="x", COLL_SIRET="y")] * 600))
    assert (report.error_count, report.partial) == (1000, True)


def test_a_million_empty_rows_end_soon(judge: Any) -> None:
    header, line = table(row()).splitlines(keepends=True)
    empty = ",,,,,,\r\n" * 100_000
    report = judge(header + line + empty + line)
    assert (report.error_count, report.partial) == (1000, True)
    assert report.rows < 5000
    # At the end a spreadsheet left them behind: they are no problems.
    report = judge(header + line + empty)
    assert (report.status, report.rows, report.error_count) == ("valid", 1, 0)


def test_long_values_are_cut(judge: Any) -> None:
    (problem,) = judge(table(row(DELIB_DATE="9" * 5000))).errors
    facts = problem.as_dict()
    assert len(facts["value"]) < 250
    assert len(facts["message"]) < 250


@pytest.mark.seconds(1)
def test_memory_is_flat(judge: Any, tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        content = table(*[row()] * rows).encode()
        judge(content)
        tracemalloc.start()
        judge(content)
        _, found = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # The content itself is written by the test.
        return found

    small, large = peak(300), peak(3000)
    assert large - small < 1_000_000


def test_an_unknown_descriptor_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    schema = registry.get("etalab/schema-amenagements-cyclables")
    assert schema
    with pytest.raises(ValueError, match="etalab/schema-amenagements-cyclables"):
        checking.check(tmp_path / "file", schema)


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.binary(max_size=400))
@example(b'\x01"\r"')
def test_any_bytes_get_a_verdict(judge: Any, content: bytes) -> None:
    report = judge(content)
    assert report.status in ("invalid", "error")
    assert report.error_count >= 1


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(st.lists(st.text(max_size=8), max_size=6), max_size=6),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_any_table_gets_a_verdict(
    judge: Any, cells: list[list[str]], separator: str
) -> None:
    header = separator.join(ROWS[DELIBERATIONS])
    lines = "\n".join(separator.join(line) for line in cells)
    report = judge(f"{header}\n{lines}".encode("utf-8", "surrogatepass"))
    assert report.status in ("invalid", "error")


def test_a_line_of_a_gigabyte_is_left_after_a_megabyte(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b\n" + b"x" * 2**24)
    # What follows takes no room on the disk.
    os.truncate(path, 1000**3)
    schema = registry.get(DELIBERATIONS)
    assert schema
    tracemalloc.start()
    try:
        report = checking.check(path, schema)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        path.unlink()
    assert (report.status, report.errors[0].type) == ("error", "line-too-long")
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "name", ["rot13", "zip", "idna", "unicode_escape", "undefined", "x\x00", "é", "?"]
)
def test_an_encoding_that_is_none_is_not_used(judge: Any, name: str) -> None:
    content = table(row(DELIB_OBJET="Vœu")).encode("windows-1252")
    assert judge(content, encoding=name).encoding == "windows-1252"

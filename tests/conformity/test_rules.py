"""Each national schema: its example conforms, and every rule is broken once."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ckanext.challenge.conformity import check as checking
from ckanext.challenge.conformity import checks, examples, registry
from ckanext.challenge.conformity.publishers import Publisher
from ckanext.challenge.conformity.report import Problem, Report
from ckanext.challenge.domain.boxes import Box

CHECKED = {s.id: s for s in registry.known().values() if s.descriptor}
Row = dict[str, str]


@pytest.fixture
def judge(tmp_path: Path) -> Any:
    def check(schema: str, rows: list[Row], **layout: str) -> Report:
        text = io.StringIO()
        separator = layout.get("separator", ",")
        writer = csv.DictWriter(text, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
        path = tmp_path / "file"
        path.write_bytes(text.getvalue().encode(layout.get("encoding", "utf-8")))
        return checking.check(path, CHECKED[schema])

    return check


def rows_of(schema: str) -> list[Row]:
    """The rows of the example."""
    names = examples.columns(CHECKED[schema])
    return [
        dict(zip(names, row, strict=True)) for row in examples.example(CHECKED[schema])
    ]


@pytest.mark.parametrize("schema", CHECKED)
def test_the_example_of_a_schema_conforms(judge: Any, schema: str) -> None:
    rows = rows_of(schema)
    assert len(rows) >= 3
    for layout in ({}, {"separator": ";", "encoding": "utf-8-sig"}):
        report = judge(schema, rows, **layout)
        assert (report.status, report.rows, report.errors) == ("valid", len(rows), ())
    # A column that the example leaves empty everywhere shows nothing.
    asked = {
        field["name"]
        for field in (CHECKED[schema].descriptor or {})["fields"]
        if field.get("constraints", {}).get("required")
    }
    assert asked <= {name for name in rows[0] if any(row[name] for row in rows)}


def test_the_rules_are_those_that_exist() -> None:
    used = {rule["name"] for schema in CHECKED.values() for rule in schema.checks}
    assert used == checks.NAMES
    for schema in CHECKED.values():
        found = [rule.type for rule in checks.of(schema)]
        assert found == [*(rule["name"] for rule in schema.checks), "challenge-advice"]


#: A value that no field of the type can hold.
_OF_NO_TYPE = {
    "date": "31/02/2023",
    "integer": "beaucoup",
    "number": "12,5",
    "year": "24",
    "boolean": "peut-être",
    "geopoint": "47.86 1.71",
    "datetime": "hier",
    "array": "lait, soja",
}
_OF_NO_FORMAT = {"uri": "pas une adresse", "email": "mairie"}


def _mistakes(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each way to fill the field wrongly, with what breaks by it."""
    constraints = field.get("constraints", {})
    for name, limit in constraints.items():
        if name == "required":
            yield "", name
        elif name == "enum" and field["type"] == "number":
            yield "7", name
        elif name in ("enum", "pattern"):
            yield "https://example.org" if field.get("format") == "uri" else "¤", name
        elif name == "minLength" and limit > 1:
            yield "x" * (limit - 1), name
        elif name == "maxLength":
            yield "x" * (limit + 1), name
        elif name == "minimum":
            yield str(int(limit) - 1), name
        elif name == "maximum":
            yield str(limit + 1), name
    if field["type"] in _OF_NO_TYPE:
        yield _OF_NO_TYPE[field["type"]], "type-error"
    elif field.get("format") in _OF_NO_FORMAT:
        yield _OF_NO_FORMAT[field["format"]], "type-error"


@pytest.mark.parametrize("schema", CHECKED)
def test_every_wrong_cell_is_found_where_it_is(judge: Any, schema: str) -> None:
    fields = (CHECKED[schema].descriptor or {})["fields"]
    mistakes = [(field, *one) for field in fields for one in _mistakes(field)]
    # No report keeps more than a hundred.
    for start in range(0, len(mistakes), 60):
        _look_for(judge, schema, mistakes[start : start + 60])


def _look_for(
    judge: Any, schema: str, mistakes: Sequence[tuple[Mapping[str, Any], str, str]]
) -> None:
    example = rows_of(schema)[2]
    rows: list[Row] = [example]
    expected: dict[tuple[int, str], str] = {}
    key = (CHECKED[schema].descriptor or {}).get("primaryKey", ["num_serie"])
    (key,) = [key] if isinstance(key, str) else key
    for field, value, broken in mistakes:
        row = example | {field["name"]: value}
        if key in row and field["name"] != key:
            row[key] = re.sub(r"\d+$", f"{100 + len(rows)}", row[key])
        rows.append(row)
        expected[len(rows) + 1, field["name"]] = broken
    report = judge(schema, rows)
    assert report.error_count == len(report.errors), "all of them are kept"
    found: dict[tuple[int | None, str | None], set[str | None]] = {}
    for problem in report.errors:
        assert problem.column_number == list(example).index(problem.column or "") + 1
        cell = found.setdefault((problem.row, problem.column), set())
        cell.add(problem.constraint or problem.type)
    assert set(found) == set(expected)
    assert {cell for cell in expected if expected[cell] not in found[cell]} == set()


def test_a_number_that_must_be_unique(judge: Any) -> None:
    rows = rows_of("atlasante/schema-dae")
    rows[2]["num_serie"] = rows[0]["num_serie"]
    (problem,) = judge("atlasante/schema-dae", rows).errors
    assert (problem.row, problem.column) == (4, "num_serie")


DELIBERATIONS = "scdl/deliberations"
VOTES = [
    f"VOTE_{name}" for name in ("EFFECTIF", "REEL", "POUR", "CONTRE", "ABSTENTION")
]
BROKEN: Sequence[tuple[str, Row, str, str, Any]] = [
    # The cells of the third row that change; where it is told, by which rule, why.
    (
        schema,
        {column: value},
        column,
        rule,
        {"reason": "key" if value.isdigit() and len(value) in (9, 14) else "format"},
    )
    for schema, column, value, rule in (
        (DELIBERATIONS, "COLL_SIRET", "21000012100018", "french-siret-value"),
        ("scdl/subventions", "idAttribuant", "21000012100018", "french-siret-value"),
        ("scdl/subventions", "idBeneficiaire", "21000012100018", "french-siret-value"),
        ("scdl/subventions", "idBeneficiaire", "W000000101", "french-siret-value"),
        ("scdl/equipements", "COLL_SIRET", "12345678901234", "french-siret-value"),
        ("scdl/budget", "BGT_SIRET", "21000012100018", "french-siret-value"),
        ("scdl/catalogue", "COLL_SIRET", "21000012100018", "french-siret-value"),
        ("scdl/catalogue", "PRODUCTEUR_SIRET", "21000012100018", "french-siret-value"),
        ("atlasante/schema-dae", "expt_siren", "210000122", "french-siren-value"),
        ("atlasante/schema-dae", "expt_siren", "2100", "french-siren-value"),
        ("atlasante/schema-dae", "expt_siret", "21000012100018", "french-siret-value"),
        ("atlasante/schema-dae", "mnt_siren", "123456789", "french-siren-value"),
        ("atlasante/schema-dae", "fab_siren", "123456789", "french-siren-value"),
    )
] + [
    (
        "scdl/subventions",
        {"idBeneficiaire": "", "rnaBeneficiaire": ""},
        "idBeneficiaire",
        "one-of-required",
        {"columns": ["idBeneficiaire", "rnaBeneficiaire"]},
    ),
    (
        DELIBERATIONS,
        {"BUDGET_NOM": ""},
        "BUDGET_NOM",
        "cohesive-columns-value",
        {"columns": ["BUDGET_ANNEE", "BUDGET_NOM"], "filled": ["BUDGET_ANNEE"]},
    ),
    (
        DELIBERATIONS,
        {"VOTE_EFFECTIF": "", "VOTE_CONTRE": ""},
        "VOTE_EFFECTIF",
        "cohesive-columns-value",
        {
            "columns": VOTES,
            "filled": ["VOTE_REEL", "VOTE_POUR", "VOTE_ABSTENTION"],
        },
    ),
    (
        DELIBERATIONS,
        {"PREF_DATE": "2025-03-30"},
        "PREF_DATE",
        "compare-columns-value",
        {"op": ">=", "column": "DELIB_DATE", "value": "2025-03-31"},
    ),
    (
        DELIBERATIONS,
        {"VOTE_EFFECTIF": "17"},
        "VOTE_EFFECTIF",
        "compare-columns-value",
        {"op": ">=", "column": "VOTE_REEL", "value": "18"},
    ),
    (
        DELIBERATIONS,
        {"VOTE_POUR": "14"},
        "VOTE_REEL",
        "sum-columns-value",
        {"columns": VOTES[2:], "sum": "17"},
    ),
    (
        DELIBERATIONS,
        {"BUDGET_ANNEE": "2025/2024"},
        "BUDGET_ANNEE",
        "year-interval-value",
        {"reason": "order", "alone": True},
    ),
    (
        DELIBERATIONS,
        {"BUDGET_ANNEE": "2025/2025"},
        "BUDGET_ANNEE",
        "year-interval-value",
        {"reason": "order", "alone": True},
    ),
    *(
        (
            DELIBERATIONS,
            {"DELIB_MATIERE_NOM": value},
            "DELIB_MATIERE_NOM",
            "nomenclature-actes-value",
            {"reason": reason, "headings": list(checks.HEADINGS)},
        )
        for value, reason in (
            ("Finances locales", "slash"),
            ("Finances locales /Fiscalité", "space"),
            ("Finances locales/ Fiscalité", "space"),
            ("Budget/Fiscalité", "heading"),
        )
    ),
]


@pytest.mark.parametrize(("schema", "changes", "column", "rule", "facts"), BROKEN)
def test_a_rule_that_does_not_hold(  # noqa: PLR0917 (a row of the table above)
    judge: Any, schema: str, changes: Row, column: str, rule: str, facts: Any
) -> None:
    rows = rows_of(schema)
    rows[2] |= changes
    report = judge(schema, rows)
    assert report.status == "invalid"
    (problem,) = report.errors
    assert problem.type == rule
    assert (problem.row, problem.column) == (4, column)
    assert problem.column_number == list(rows[0]).index(column) + 1
    assert problem.value == (rows[2][column] or None)
    assert problem.expected == facts
    assert column in (problem.message or "")


@pytest.mark.parametrize(
    ("schema", "changes"),
    [
        # The head office of La Poste, and an office, whose key is another one.
        ("scdl/subventions", {"idBeneficiaire": "35600000000048"}),
        ("scdl/subventions", {"idBeneficiaire": "35600000049837"}),
        # Either number of the beneficiary, or both.
        ("scdl/subventions", {"idBeneficiaire": "21000012100025"}),
        (
            "scdl/subventions",
            {"idBeneficiaire": "21000012100025", "rnaBeneficiaire": ""},
        ),
        # Nothing is known of the vote, or of the budget.
        (DELIBERATIONS, dict.fromkeys(VOTES, "")),
        (DELIBERATIONS, {"BUDGET_ANNEE": "", "BUDGET_NOM": "", "PREF_DATE": ""}),
        (DELIBERATIONS, {"PREF_DATE": "2025-03-31"}),
        (DELIBERATIONS, {"BUDGET_ANNEE": "2025/2027"}),
        # The classification of acts leaves capitals and accents open.
        (
            DELIBERATIONS,
            {"DELIB_MATIERE_NOM": "LIBERTES publiques et POUVOIRS de police/x"},
        ),
    ],
)
def test_a_rule_that_holds(judge: Any, schema: str, changes: Row) -> None:
    rows = rows_of(schema)
    rows[2] |= changes
    assert judge(schema, rows).errors == ()


def _without(schema: str, *columns: str) -> list[Row]:
    return [
        {name: value for name, value in row.items() if name not in columns}
        for row in rows_of(schema)
    ]


def test_columns_that_go_together_are_all_there_or_none(judge: Any) -> None:
    assert judge(DELIBERATIONS, _without(DELIBERATIONS, *VOTES)).errors == ()
    (problem,) = judge(DELIBERATIONS, _without(DELIBERATIONS, "VOTE_REEL")).errors
    assert problem == Problem(
        "cohesive-columns-value",
        row=1,
        column="VOTE_REEL",
        expected={
            "columns": VOTES,
            "filled": [name for name in VOTES if name != "VOTE_REEL"],
        },
        message=problem.message,
    )


def test_one_of_two_columns_is_enough(judge: Any) -> None:
    schema = "scdl/subventions"
    report = judge(schema, _without(schema, "idBeneficiaire")[:4])
    assert report.errors == ()
    without = _without(schema, "idBeneficiaire")
    (problem,) = judge(schema, without).errors
    assert (problem.type, problem.row, problem.column) == (
        "one-of-required",
        6,
        "rnaBeneficiaire",
    )
    neither = _without(schema, "idBeneficiaire", "rnaBeneficiaire")
    (problem,) = judge(schema, neither).errors
    assert (problem.type, problem.row) == ("one-of-required", 1)


def test_a_cell_is_told_once_and_an_empty_row_too(judge: Any) -> None:
    rows = rows_of(DELIBERATIONS)[:4]
    rows[0] |= {"COLL_SIRET": "2100001210001"}
    rows[1] |= {"DELIB_DATE": "hier", "VOTE_POUR": "dix"}
    rows[2] = dict.fromkeys(rows[2], "")
    told = [(p.row, p.column, p.type) for p in judge(DELIBERATIONS, rows).errors]
    assert told == [
        (2, "COLL_SIRET", "constraint-error"),
        (3, "DELIB_DATE", "type-error"),
        (3, "VOTE_POUR", "type-error"),
        (4, None, "blank-row"),
    ]


BAL = "etalab/schema-bal"


def test_a_file_is_judged_by_the_version_that_its_columns_are_of(judge: Any) -> None:
    newer = rows_of(f"{BAL}-1.5")
    assert judge(BAL, newer).status == "valid"
    assert judge(f"{BAL}-1.5", rows_of(BAL)).status == "valid"
    newer[1]["toponyme"] = ""
    (problem,) = judge(BAL, newer).errors
    assert (problem.column, problem.constraint) == ("toponyme", "required")


@pytest.mark.parametrize("schema", [BAL, f"{BAL}-1.5"])
def test_a_point_lies_in_the_commune_of_its_row(tmp_path: Path, schema: str) -> None:
    rows = rows_of(schema)
    code = rows[0]["commune_insee"]
    longitude, latitude = float(rows[0]["long"]), float(rows[0]["lat"])
    rows[1]["long"] = f"{longitude + 1:.4f}"
    # A text that is no number is told once, by its pattern.
    rows[2]["lat"] = "nord"
    path = tmp_path / "file.csv"
    with path.open("w", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    box = Box(longitude - 0.1, latitude - 0.1, longitude + 0.1, latitude + 0.1)
    for boxes, told in (
        ({code: box}, [("outside-commune", 3, "long"), ("constraint-error", 4, "lat")]),
        # Where no outline is loaded nothing is said.
        ({}, [("constraint-error", 4, "lat")]),
    ):
        publisher = Publisher(boxes=boxes)
        found = checking.check(path, CHECKED[schema], publisher=publisher).errors
        told_of_places = [
            (problem.type, problem.row, problem.column)
            for problem in found
            if problem.type != "publisher-value"
        ]
        assert told_of_places == told


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("cad_parcelles", "450240000A0001|45024000AB0002"),
        ("commune_insee", "2A004"),
        ("cle_interop", "2A004_0123_00007_bis"),
    ],
)
def test_what_the_pattern_of_the_schema_forgets_is_said(
    judge: Any, column: str, value: str
) -> None:
    rows = rows_of(BAL)
    rows[0][column] = value
    (problem,) = judge(BAL, rows).errors
    assert (problem.type, problem.column) == ("value-not-yet", column)


@pytest.mark.parametrize(
    ("hours", "is_right"),
    [
        ("24/7", True),
        ("Mo-Fr 08:00-12:00,14:00-18:00; Sa 09:00-12:00; PH off", True),
        ('Apr-Sep: Mo-Su sunrise-22:00 || "sur rendez-vous"', True),
        ("week 1-26/2 Tu[1] 10:00+", True),
        ("lundi au vendredi de 8h à 18h", False),
        ("8h-18h", False),
    ],
)
def test_opening_hours_are_those_of_openstreetmap(
    judge: Any, hours: str, is_right: bool
) -> None:
    schema = "etalab/schema-lieux-covoiturage"
    rows = rows_of(schema)
    rows[0]["horaires"] = hours
    told = [(p.type, p.column) for p in judge(schema, rows).errors]
    assert told == ([] if is_right else [("opening-hours-value", "horaires")])


def test_a_key_stands_once(judge: Any) -> None:
    schema = "datagouv/schema-fontaine-eau"
    rows = rows_of(schema)
    rows[2]["id"] = rows[0]["id"]
    (problem,) = judge(schema, rows).errors
    assert (problem.row, problem.column, problem.constraint) == (4, "id", "unique")


def test_a_value_of_a_list_is_one_of_those_allowed(judge: Any) -> None:
    schema = "scdl/menus-collectifs"
    rows = rows_of(schema)
    rows[0]["menuPlatAllergene"] = '["beurre"]'
    rows[1]["menuPlatAllergene"] = "lait, céleri"
    first, second = judge(schema, rows).errors
    assert (first.constraint, first.column) == ("enum", "menuPlatAllergene")
    assert "lait" in first.expected
    assert (second.type, second.row) == ("type-error", 3)


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({}, None),
        ({"numero": "2"}, ("address-key", "cle_interop")),
        ({"commune_insee": "00013"}, ("address-key", "cle_interop")),
        ({"suffixe": "ter"}, ("address-key", "cle_interop")),
        ({"long": "47.8600000", "lat": "1.7100000"}, ("swapped-coordinates", "lat")),
    ],
)
def test_an_address_is_advised_of_its_key_and_place(
    judge: Any, changes: Row, advice: tuple[str, str] | None
) -> None:
    rows = rows_of(BAL)
    rows[0] |= changes
    report = judge(BAL, rows)
    assert report.status == "valid"
    first = [group.examples[0] for group in report.groups if group.is_advice]
    told = [(problem.type, problem.column) for problem in first]
    assert told == ([advice] if advice else [])


def test_addresses_of_which_none_is_certified_are_advised(judge: Any) -> None:
    rows = [row | {"certification_commune": "0"} for row in rows_of(BAL)]
    report = judge(BAL, rows)
    assert report.status == "valid"
    (group,) = report.groups
    assert group.examples[0].type == "none-certified"

"""What a report says: each kind of problem in words, and never a key in braces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from frictionless import errors

from ckanext.challenge.conformity import checks, links, registry
from ckanext.challenge.conformity import labels as conformity_labels

FIELDS = [
    (schema.id, field)
    for schema in registry.known().values()
    if schema.descriptor
    for field in schema.descriptor["fields"]
]
ANY_PATTERN = "It has to follow the pattern {expected}."


@pytest.fixture(autouse=True)
def english(app: Any) -> Iterator[None]:
    with app.flask_app.test_request_context(environ_overrides={"CKAN_LANG": "en"}):
        yield


def problem(type_: str = "constraint-error", **facts: Any) -> dict[str, Any]:
    return {
        "type": type_,
        "row": 14,
        "column": "DELIB_DATE",
        "value": "31/02/2023",
        **facts,
    }


def test_it_says_where_what_and_what_to_do() -> None:
    wrong = problem("type-error", expected={"type": "date"})
    assert conformity_labels.where(wrong) == (
        "Line 14, column DELIB_DATE: “31/02/2023” is not a date."
    )
    assert (
        conformity_labels.fix(wrong) == "Write it YYYY-MM-DD, for example 2023-02-28."
    )
    assert (
        conformity_labels.sentence(wrong)
        == f"{conformity_labels.where(wrong)} {conformity_labels.fix(wrong)}"
    )
    assert (
        conformity_labels.title(wrong, 37) == "Column DELIB_DATE: 37 values to correct"
    )


def test_it_says_so_in_french(app: Any) -> None:
    wrong = problem("type-error", expected={"type": "date"})
    french = {"CKAN_LANG": "fr"}
    with app.flask_app.test_request_context(environ_overrides=french):
        said = conformity_labels.sentence(wrong).replace("\u202f", " ")
    assert said == (
        "Ligne 14, colonne DELIB_DATE : « 31/02/2023 » n'est pas une date. "
        "Écrivez-la AAAA-MM-JJ, par exemple 2023-02-28."
    )


def test_every_constraint_of_the_schemas_has_words() -> None:
    for name, field in FIELDS:
        for one in _wrong(field):
            assert conformity_labels._key(one) in conformity_labels._TEXTS, (name, one)
            assert "{" not in conformity_labels.what(one)
            if one.get("constraint") == "pattern":
                said = conformity_labels.fix(one)
                assert said != ANY_PATTERN.format(expected=one["expected"]), name


def _wrong(field: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A problem of each kind that a field may have."""
    kind = {key: field[key] for key in ("type", "format") if key in field}
    if kind != {"type": "string"}:
        yield problem("type-error", expected=kind)
    for constraint, expected in field.get("constraints", {}).items():
        yield problem(constraint=constraint, expected=expected)


RULES: list[tuple[str, dict[str, Any], str]] = [
    (
        "french-siret-value",
        {"reason": "key"},
        "“31/02/2023” is no SIRET: its digits do not fit together.",
    ),
    (
        "compare-columns-value",
        {"op": ">=", "column": "VOTE_REEL", "value": "12"},
        "“31/02/2023” is below VOTE_REEL, which is 12.",
    ),
    (
        "sum-columns-value",
        {"columns": ["A", "B"], "sum": "9"},
        "“31/02/2023” is not the sum of A, B, which is 9.",
    ),
    (
        "outside-commune",
        {"insee": "45024"},
        "This point is not in the commune of code 45024: “31/02/2023”.",
    ),
    (
        "one-of-required",
        {"columns": ["A", "B"]},
        "One of these columns has to be filled in: A, B.",
    ),
]


def test_a_rule_names_its_columns_and_its_figures() -> None:
    for name, facts, said in RULES:
        assert conformity_labels.what(problem(name, expected=facts)) == said


def test_every_rule_and_its_reasons_have_words() -> None:
    told = {key.partition(" ")[0] for key in conformity_labels._TEXTS}
    assert told >= checks.NAMES
    header = problem("one-of-required", row=1, expected={"columns": ["A", "B"]})
    assert conformity_labels.where(header).startswith(
        "Line 1: One of these columns has to be"
    )


def test_every_reason_of_a_link_has_words() -> None:
    names = {key for key in conformity_labels._TEXTS if key.startswith("link-")}
    assert links.fetch.__doc__
    assert all(f"``{name}``" in links.fetch.__doc__ for name in names)
    for name in names:
        assert conformity_labels.sentence({"type": name, "value": "404"}).endswith(".")


def test_what_a_file_holds_cannot_speak_for_the_portal() -> None:
    """Long values are cut, and none turns the direction of writing or the line."""
    wrong = problem(
        "type-error", value="{row}\n\u202e%s" + "9" * 500, expected={"type": "integer"}
    )
    said = conformity_labels.where(wrong)
    assert said.startswith("Line 14, column DELIB_DATE: “{row}  %s999")
    assert len(said) < 200
    assert conformity_labels.title(problem(column="{count} %s"), 2) == (
        "Column {count} %s: 2 values to correct"
    )


def test_what_has_no_words_of_ours_keeps_those_of_frictionless() -> None:
    error = errors.ForbiddenValueError(
        note="no", cells=[], row_number=1, cell="", field_name="a", field_number=1
    )
    wrong = problem(error.type, message=error.message)
    assert conformity_labels.what(wrong) == error.message
    assert conformity_labels.fix(wrong) == ""


def test_a_long_list_of_values_is_cut() -> None:
    wrong = problem(constraint="enum", expected=[f"v{n}" for n in range(40)])
    assert conformity_labels.fix(wrong).count("“") == 15
    assert "…" in conformity_labels.fix(wrong)

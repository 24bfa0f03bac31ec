"""The table of a workbook: its sheets, its header, its columns and rows."""

from __future__ import annotations

import pytest
from helpers import sheets

from ckanext.challenge.common.workbooks import (
    NotATable,
    Workbook,
    take_in,
    take_in_cells,
)
from ckanext.challenge.conformity import registry
from ckanext.challenge.preparation.steps import Place, find_table

SCHEMA = registry.known()["scdl/deliberations"]
HEADER = ["DELIB_ID", "DELIB_DATE", "DELIB_OBJET"]


def _book(**parts: list[list[str]]) -> Workbook:
    return take_in(sheets.xlsx(parts), "x.xlsx")


def test_a_sheet_a_year_is_one_table() -> None:
    table = find_table(
        _book(
            a2023=[HEADER, ["1", "2023-01-01", "a"]],
            a2024=[["Titre"], [*HEADER[::-1], "Notes"], ["b", "2024-01-01", "2", "n"]],
            Feuil3=[["Mémo", "Autre"], ["x", "y"]],
        ),
        SCHEMA,
    )
    assert table.sheets == ("a2023", "a2024")
    assert table.header_row == 1
    assert [(column.label, column.cells) for column in table.columns] == [
        ("DELIB_ID", ["1", "2"]),
        ("DELIB_DATE", ["2023-01-01", "2024-01-01"]),
        ("DELIB_OBJET", ["a", "b"]),
        ("Notes", ["", "n"]),
    ]
    assert table.places == [Place("a2023", 2), Place("a2024", 3)]


def test_sheets_and_header_are_chosen_by_a_person() -> None:
    book = _book(a=[HEADER, ["1", "2", "3"]], b=[["x", "y"], ["u", "v"], ["w", "z"]])
    table = find_table(book, SCHEMA, sheets=["b"], header_row=2)
    assert (table.labels, table.sure) == (["u", "v"], False)
    assert table.above == ("x y",)


@pytest.mark.parametrize("chosen", [None, ["a2023", "a2024"]])
@pytest.mark.parametrize("above", [[], [["Titre"], ["x", "y"]]])
def test_a_chosen_header_row_is_that_of_the_sheet_that_was_shown(
    chosen: list[str] | None, above: list[list[str]]
) -> None:
    rows = [[str(number), "2024-01-01", "b"] for number in range(2, 6)]
    book = _book(
        a2023=[["Titre"], [], HEADER, ["1", "2023-01-01", "a"]],
        a2024=[*above, HEADER, *rows],
    )
    table = find_table(book, SCHEMA, sheets=chosen, header_row=3)
    assert table.sheets == ("a2023", "a2024")
    assert table.header_rows == (3, len(above) + 1)
    assert table.column("DELIB_ID").cells == ["1", "2", "3", "4", "5"]


def test_a_row_that_names_as_little_as_any_is_the_header_of_all() -> None:
    rows = [["Liste"], ["u", "v"], ["w", "z"]]
    table = find_table(_book(a=rows, b=rows), SCHEMA, sheets=["a", "b"], header_row=2)
    assert table.labels == ["u", "v"]
    assert table.places == [Place("a", 3), Place("b", 3)]


def test_a_chosen_sheet_without_a_header_is_told() -> None:
    book = _book(a=[HEADER, ["1", "2025-01-01", "x"]], b=[[], ["Mémo"]])
    table = find_table(book, SCHEMA, sheets=["a", "b"])
    assert table.sheets == ("a",)
    (left,) = table.left_out
    assert (left.place, left.why, left.text) == (Place("b", 2), "no-header", "Mémo")
    assert find_table(book, SCHEMA).left_out == ()


def test_a_table_that_begins_at_c3() -> None:
    rows = [[], ["", "", "Registre"], ["", "", *HEADER], ["", "", "1", "2", "3", "4"]]
    table = find_table(_book(a=rows), SCHEMA)
    assert table.header_row == 3
    assert [(column.letter, column.label) for column in table.columns] == [
        ("C", "DELIB_ID"),
        ("D", "DELIB_DATE"),
        ("E", "DELIB_OBJET"),
        ("F", "(F)"),
    ]


def test_what_is_left_out_is_told_and_taken_back() -> None:
    book = _book(a=[HEADER, ["1", "2025-01-01", "x"], ["Total", "", "1"]])
    table = find_table(book, SCHEMA)
    (left,) = table.left_out
    assert (left.place, left.why, left.text) == (Place("a", 3), "total", "Total 1")
    again = find_table(book, SCHEMA, taken_back=[left.place])
    assert (len(again.places), again.left_out) == (2, ())


@pytest.mark.parametrize(
    ("code", "text"), [("no-table", "seul"), ("empty", "\t".join(HEADER))]
)
def test_what_has_no_table_is_refused(code: str, text: str) -> None:
    with pytest.raises(NotATable, match=code):
        find_table(take_in_cells(text), SCHEMA)

"""Names of sheets as Excel takes them, and workbooks of several."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from ckanext.challenge.common import spreadsheets
from ckanext.challenge.common.spreadsheets import Column, Sheet, sheet_names

ODD = st.text(
    st.sampled_from("aAéÉ[]:*?/\\' \x0b2") | st.characters(exclude_categories=["Cs"]),
    max_size=35,
)


@given(st.lists(ODD, min_size=1, max_size=8))
def test_any_titles_are_names_of_sheets(titles: list[str]) -> None:
    names = sheet_names(titles, "Le tableau")
    assert len(names) == len(titles)
    book = xlsxwriter.Workbook(io.BytesIO())
    # It refuses what Excel would.
    for name in names:
        book.add_worksheet(name)


def test_names_are_kept_where_they_can_be() -> None:
    assert sheet_names(["2024", "2025"], "x") == ["2024", "2025"]
    assert sheet_names(["a/b", "AB", ""], "Le tableau") == ["ab", "AB 2", "Le tableau"]
    long = "Subventions aux associations sportives"
    first, second = sheet_names([long, long], "x")
    assert (len(first), second) == (31, first[:29] + " 2")
    # Excel counts letters beyond the first 65,536 twice.
    assert sheet_names(["\U00010000" * 31], "x") == ["\U00010000" * 15]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_workbook_holds_several_tables(kind: spreadsheets.Kind) -> None:
    sheets = [
        Sheet("Jours 2022-2023", [Column("day", "Jour")], [[dt.date(2022, 9, 30)]]),
        Sheet("Jours 2022-2023", [Column("a", "=A1")], [[1.5], ["=2+2"]]),
        Sheet("", [Column("a", "A")], []),
    ]
    content = b"".join(spreadsheets.write_book(kind, sheets, "Sans titre"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    names = ["Jours 2022-2023", "Jours 2022-2023 2", "Sans titre"]
    assert book.sheet_names == names
    rows = [book.get_sheet_by_name(name).to_python() for name in names]
    assert rows[0] == [["Jour"], [dt.date(2022, 9, 30)]]
    assert [row[0] for row in rows[1]] == ["'=A1", 1.5, "'=2+2"]
    assert rows[2] == [["A"]]

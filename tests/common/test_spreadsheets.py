"""Names of sheets as Excel takes them."""

from __future__ import annotations

import io

import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.common.spreadsheets import sheet_names

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

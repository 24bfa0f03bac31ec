"""Texts that a spreadsheet would run."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain.cells import neutral, neutral_in_csv


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\n", "＝", "＠"])
def test_a_formula_becomes_a_text(first: str) -> None:
    assert neutral(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"


@given(st.text())
def test_nothing_that_is_written_begins_like_a_formula(text: str) -> None:
    shown = neutral(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert neutral(shown) == shown


def test_what_may_not_leave_is_left_out() -> None:
    assert neutral("a\x00b\x1fc\ufffe\x7f\x9f\u202e\u2069") == "abc"
    assert neutral("\r=1+1") == "'\n=1+1"
    for hidden in ("\x00", "\x85", "\u202e", "\ud800"):
        assert neutral(f"{hidden}=1+1") == "'=1+1"
        assert neutral_in_csv(f"a;{hidden}=1+1") == "a;'=1+1"


@pytest.mark.parametrize("separator", [";", "\t", "\n", "; "])
def test_another_separator_begins_no_formula(separator: str) -> None:
    """Excel in French takes the semicolon of a text for the end of a cell."""
    text = f"Bonjour{separator}=cmd|' /C calc'!A0"
    assert neutral_in_csv(text) == f"Bonjour{separator}'=cmd|' /C calc'!A0"
    assert neutral_in_csv("Un ; deux, trois - quatre") == "Un ; deux, trois - quatre"


@given(st.text(alphabet="a;\t\n =+-@"))
def test_no_cell_of_a_csv_begins_like_a_formula(text: str) -> None:
    first, *others = re.split("[;\t\r\n]", neutral_in_csv(text))
    for cell in (first, *(other.lstrip(" ") for other in others)):
        assert not cell.startswith(("=", "+", "-", "@"))

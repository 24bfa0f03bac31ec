"""Codes that people read out and copy."""

from __future__ import annotations

import pytest

from ckanext.challenge.domain import late_codes


def test_codes_differ_and_have_no_look_alikes() -> None:
    codes = {late_codes.new_code() for _ in range(1000)}
    assert len(codes) == 1000
    letters = set("".join(codes)) - {"-"}
    assert letters == set(late_codes.ALPHABET)
    assert not letters & set("0O1IL2Z5S8BAEU")
    assert {len(code) for code in codes} == {9}


@pytest.mark.parametrize(
    "typed", ["K7CH-3MXP", " k7ch 3mxp", "k7ch3mxp\n", "K7CH – 3MXP", "K7CH‑3MXP"]
)
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert late_codes.normalised(typed) == "K7CH-3MXP"


def test_what_is_no_code_is_none() -> None:
    assert late_codes.normalised("") == ""
    assert late_codes.normalised("--") == ""

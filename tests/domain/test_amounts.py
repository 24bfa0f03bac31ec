"""Numbers are read as they are meant, or refused with the two ways to read them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain.amounts import TwoReadings, read


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4 000 €", "4000"),
        ("4\u202f000\u00a0€", "4000"),
        ("4000", "4000"),
        ("7,5", "7.5"),
        ("7.5", "7.5"),
        ("4 000,50 euros", "4000.50"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("0,125", "0.125"),
        ("3000.000", "3000"),
        ("-2,5", "-2.5"),
    ],
)
def test_it_is_read_as_meant(text: str, number: str) -> None:
    assert read(text) == Decimal(number)


@pytest.mark.parametrize("text", ["3.000", "3,000", " 3 .000 €"])
def test_two_readings_are_named(text: str) -> None:
    with pytest.raises(TwoReadings) as caught:
        read(text)
    assert caught.value.readings == (3000, 3)


@pytest.mark.parametrize(
    "text", ["", "€", "NaN", "1e9", "٣", "1.2.3", "1,2.3,4", "1.23,456.7", "quatre"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        read(text)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_what_french_writes_is_read_back(number: Decimal) -> None:
    text = f"{number:,.2f}".replace(",", "\u202f").replace(".", ",")
    assert read(f"{text} €") == number

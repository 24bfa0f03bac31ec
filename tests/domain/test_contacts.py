"""What looks like a slip in an address, and what can be called."""

from __future__ import annotations

import pytest

from ckanext.challenge.domain import contacts


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mairie@gmial.com", "mairie@gmail.com"),
        ("mairie@gmail.fr", None),
        ("mairie@gmai.com", "mairie@gmail.com"),
        ("mairie@wanado.fr", "mairie@wanadoo.fr"),
        ("mairie@OARNGE.fr", "mairie@orange.fr"),
        ("mairie@mairie-artenay.con", "mairie@mairie-artenay.com"),
        ("mairie@gmail.com", None),
        ("mairie@mail.com", None),
        ("mairie@artenay.fr", None),
        ("mairie@example.org", None),
    ],
)
def test_a_slip_is_seen(typed: str, meant: str | None) -> None:
    assert contacts.meant(typed) == meant


@pytest.mark.parametrize("address", ["mairie@artenay", "mairie", "@artenay.fr", "a@."])
def test_no_address_is_whole_without_a_point(address: str) -> None:
    assert not contacts.is_whole(address)


@pytest.mark.parametrize(
    "number",
    [
        "02 38 00 00 00",
        "02.38.00.00.00",
        "0238000000",
        "+33 2 38 00 00 00",
        "+33 (0)2 38 00 00 00",
        "0033238000000",
        "02 38 00 00 00 poste 12",
        "+262 262 00 00 00",
        "3939",
    ],
)
def test_a_number_that_can_be_called(number: str) -> None:
    assert contacts.is_telephone(number)


@pytest.mark.parametrize(
    "number",
    ["02 38 00 00", "12 34 56 78 90", "secrétariat", "02 38 00 00 00 0", "+33 2"],
)
def test_a_number_that_cannot(number: str) -> None:
    assert not contacts.is_telephone(number)


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("02 38 21 00 00", "238210000"),
        ("+33 (0)2.38.21", "23821"),
        ("0033 2 38 21", "23821"),
        ("382100", "382100"),
        ("+32 2 123", "322123"),
        ("45", ""),
        ("Baule 45130", ""),
        ("mairie@baule.example", ""),
        ("", ""),
    ],
)
def test_what_is_looked_for_in_numbers(typed: str, digits: str) -> None:
    assert contacts.telephone_digits(typed) == digits

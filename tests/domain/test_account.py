"""The account of a season: gaps, shares, what lines of agreements come to."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import account

AMOUNTS = st.decimals(0, 10**9, places=2, allow_nan=False, allow_infinity=False)


@given(AMOUNTS, AMOUNTS)
def test_a_gap_leads_from_what_was_planned_to_what_came(
    planned: Decimal, realised: Decimal
) -> None:
    found = account.gap(planned, realised)
    assert found is not None
    assert planned + found.amount == realised
    assert (found.percent is None) == (planned == 0)
    if found.percent:
        assert (found.percent > 0) == (realised > planned)


def test_what_is_not_known_has_no_gap_and_no_share() -> None:
    assert account.gap(None, 3) is None
    assert account.gap(3, None) is None
    assert account.gap(0, 5) == (Decimal(5), None)
    assert account.share(5, 0) is None
    assert account.share(None, 5) is None
    assert account.share(0, 5) == 0
    assert account.total([None, None]) is None
    assert account.total([None, 1.1, 2.2]) == Decimal("3.3")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"rule": "amount", "realised": 1500.5}, Decimal("1500.5")),
        ({"rule": "amount"}, None),
        # Half a cent goes up, and no float is in between: 333.33 × 1.5 = 499.995.
        ({"rule": "days", "unit_cost": 333.33}, 500),
        ({"rule": "collectivites", "unit_cost": 500}, 3500),
        ({"rule": "days"}, None),
        # What somebody typed before the rule was another one counts no more.
        ({"rule": "days", "unit_cost": 0, "realised": 9}, 0),
    ],
)
def test_a_line_comes_to_what_its_rule_says(
    line: dict[str, Any], expected: Any
) -> None:
    assert account.realised(line, days=1.5, collectivites=7) == expected


def test_a_period_is_the_years_of_a_season() -> None:
    assert account.period(dt.date(2022, 9, 1), dt.date(2022, 12, 1)) == "2022"
    assert account.period(None, dt.date(2023, 3, 1), dt.date(2022, 9, 1)) == "2022-2023"
    assert account.period(None, None) == ""

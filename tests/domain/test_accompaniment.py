"""Days that are left, answers that are owed, participants who are not heard of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from ckanext.challenge.domain import accompaniment as rules

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
LATER = NOON + dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("granted", "spent", "left"),
    [("12", "2.5", "9.5"), ("2", "2.5", "-0.5"), ("0", "0", "0"), (None, "3", None)],
)
def test_days_left(granted: str | None, spent: str, left: str | None) -> None:
    total = None if granted is None else Decimal(granted)
    found = rules.days_left(total, Decimal(spent))
    assert found == (None if left is None else Decimal(left))


@pytest.mark.parametrize(
    ("side", "written", "visited", "owed"),
    [
        (None, None, None, False),
        ("staff", NOON, None, False),
        ("member", NOON, None, True),
        ("member", LATER, NOON, True),
        # What was said on the telephone is noted as a visit.
        ("member", NOON, LATER, False),
    ],
)
def test_an_answer_is_owed(
    side: str | None,
    written: dt.datetime | None,
    visited: dt.datetime | None,
    owed: bool,
) -> None:
    assert rules.waits_for_answer(side, written, visited) is owed

"""Whom a team has lost sight of."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ckanext.challenge.domain.stalled import Rules, reasons

NOON = dt.datetime(2026, 11, 30, 12, tzinfo=dt.timezone.utc)
SECOND = dt.timedelta(seconds=1)


def _days(number: int) -> dt.datetime:
    return NOON - dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, ()),
        ({"active": _days(30)}, ()),
        ({"active": _days(30) - SECOND}, ("silent",)),
        # What never did anything is silent since it came.
        ({"active": None, "joined": _days(31)}, ("silent",)),
        ({"late_steps": 2}, ()),
        ({"late_steps": 3}, ("late",)),
        ({"late_steps": 16, "rules": Rules(30, 0)}, ()),
        ({"signed_in": False}, ()),
        ({"signed_in": False, "joined": _days(7) - SECOND}, ("never",)),
        (
            {"signed_in": False, "joined": _days(60), "active": None, "late_steps": 4},
            ("never", "silent", "late"),
        ),
    ],
)
def test_why_a_participant_is_stalled(
    known: dict[str, Any], expected: tuple[str, ...]
) -> None:
    usual = {
        "joined": _days(3),
        "active": _days(1),
        "late_steps": 0,
        "signed_in": True,
        "now": NOON,
        "rules": Rules(days=30, late_steps=3),
    }
    assert reasons(**{**usual, **known}) == expected

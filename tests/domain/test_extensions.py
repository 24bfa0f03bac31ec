"""When a later day may be given for a step, and which day holds."""

from __future__ import annotations

import datetime as dt

import pytest

from ckanext.challenge.domain import extensions
from ckanext.challenge.domain import progress as rules

TODAY = dt.date(2026, 11, 30)
SEASON = dt.date(2026, 12, 15)
END = dt.date(2027, 3, 31)


@pytest.mark.parametrize(
    ("day", "season", "wrong"),
    [
        (dt.date(2027, 1, 15), SEASON, None),
        (END, SEASON, None),
        # The season's own day is over: what is later than today will do.
        (TODAY, dt.date(2026, 11, 1), None),
        (dt.date(2026, 11, 29), dt.date(2026, 11, 1), "past"),
        (SEASON, SEASON, "not_later"),
        (dt.date(2026, 12, 1), SEASON, "not_later"),
        (dt.date(2027, 4, 1), SEASON, "after_end"),
        (dt.date(2027, 1, 15), None, "undated"),
    ],
)
def test_a_later_day(day: dt.date, season: dt.date | None, wrong: str | None) -> None:
    assert extensions.problem(day, season, TODAY, END) == wrong


def test_without_an_end_a_year_is_the_limit() -> None:
    for day, wrong in ((dt.date(2027, 11, 30), None), (dt.date(2029, 1, 1), "far")):
        assert extensions.problem(day, SEASON, TODAY, None) == wrong


def test_the_later_of_both_days_holds() -> None:
    due = {"a": SEASON, "b": SEASON, "c": None}
    later = {"a": END, "b": TODAY, "c": END, "gone": END}
    assert rules.extended(due, later) == {"a": END, "b": SEASON, "c": None}

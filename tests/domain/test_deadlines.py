"""Days end at their own midnight, in the portal's zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import deadlines
from ckanext.challenge.domain.deadlines import Due

PARIS = ZoneInfo("Europe/Paris")
UTC = dt.timezone.utc


@pytest.mark.parametrize(
    ("day", "end"),
    [
        # summer time: midnight in Paris is 22:00 UTC the day before
        (dt.date(2022, 9, 30), dt.datetime(2022, 9, 30, 22, tzinfo=UTC)),
        (dt.date(2022, 12, 15), dt.datetime(2022, 12, 15, 23, tzinfo=UTC)),
        # the clock goes back: this day has 25 hours
        (dt.date(2022, 10, 30), dt.datetime(2022, 10, 30, 23, tzinfo=UTC)),
        # the clock goes forward: 23 hours
        (dt.date(2023, 3, 26), dt.datetime(2023, 3, 26, 22, tzinfo=UTC)),
        (dt.date(2022, 12, 31), dt.datetime(2022, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_end_of_day_in_paris(day: dt.date, end: dt.datetime) -> None:
    assert deadlines.end_of_day(day, PARIS) == end
    assert not deadlines.has_ended(day, end - dt.timedelta(microseconds=1), PARIS)
    assert deadlines.has_ended(day, end, PARIS)


@given(
    st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)),
    st.sampled_from(["Europe/Paris", "UTC", "Indian/Reunion", "America/Guadeloupe"]),
)
def test_a_day_ends_when_the_next_begins(day: dt.date, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    end = deadlines.end_of_day(day, zone)
    assert deadlines.day_of(end, zone) == day + dt.timedelta(days=1)
    assert deadlines.day_of(end - dt.timedelta(microseconds=1), zone) == day


def test_due_dates_follow_the_milestones() -> None:
    dates = {"launch": dt.date(2022, 9, 15), "finalisation": None}
    assert deadlines.due_date(Due("launch", 15), dates) == dt.date(2022, 9, 30)
    assert deadlines.due_date(Due("launch", -15), dates) == dt.date(2022, 8, 31)
    assert deadlines.due_date(Due("finalisation", 3), dates) is None
    assert deadlines.due_date(Due("first_publication"), dates) is None
    assert deadlines.due_date(None, dates) is None


@pytest.mark.parametrize(
    ("due", "late"),
    [(dt.date(2022, 9, 29), True), (dt.date(2022, 9, 30), False), (None, False)],
)
def test_late_from_the_next_day(due: dt.date | None, late: bool) -> None:
    assert deadlines.is_late(due, dt.date(2022, 9, 30)) is late


SEASON = {
    "application_opens": dt.date(2022, 6, 1),
    "application_deadline": dt.date(2022, 9, 30),
    "launch": dt.date(2022, 9, 15),
    "first_publication": dt.date(2022, 12, 15),
    "finalisation": dt.date(2023, 3, 31),
}


def test_the_launch_may_fall_before_the_deadline() -> None:
    assert deadlines.out_of_order(SEASON) == ()


@pytest.mark.parametrize(
    ("name", "day", "wrong"),
    [
        ("launch", dt.date(2022, 5, 1), ("application_opens", "launch")),
        (
            "application_deadline",
            dt.date(2022, 5, 1),
            ("application_opens", "application_deadline"),
        ),
        ("finalisation", dt.date(2022, 12, 1), ("first_publication", "finalisation")),
    ],
)
def test_other_dates_keep_their_order(
    name: str, day: dt.date, wrong: tuple[str, str]
) -> None:
    assert deadlines.out_of_order({**SEASON, name: day}) == (wrong,)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("launch", "finalisation"),
        ("application_deadline", "finalisation"),
        ("application_opens", "finalisation"),
        ("application_opens", "first_publication"),
    ],
)
def test_dates_keep_their_order_when_none_is_set_between(
    first: str, second: str
) -> None:
    dates = {first: dt.date(2022, 9, 2), second: dt.date(2022, 9, 1)}
    assert deadlines.out_of_order(dates) == ((first, second),)


@given(
    st.fixed_dictionaries(
        {
            name: st.none() | st.dates(dt.date(2022, 1, 1), dt.date(2022, 1, 9))
            for name in deadlines.MILESTONES
        }
    )
)
def test_no_two_dates_are_out_of_order_unseen(
    dates: dict[str, dt.date | None],
) -> None:
    wrong = [
        (first, second)
        for first, second in deadlines.MILESTONES_ORDER
        if (before := dates[first]) and (after := dates[second]) and after < before
    ]
    found = deadlines.out_of_order(dates)
    assert set(found) <= set(wrong)
    assert bool(found) == bool(wrong)


def test_dates_that_are_not_set_are_in_no_order() -> None:
    assert deadlines.out_of_order(dict.fromkeys(SEASON)) == ()

"""How the days of visits are counted, when they are, and which of them clash."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import visits
from ckanext.challenge.domain.visits import Slot

PARIS = ZoneInfo("Europe/Paris")
UTC = dt.timezone.utc
MONDAY = dt.date(2026, 3, 2)
HALF, ONE = Decimal("0.5"), Decimal(1)


@pytest.mark.parametrize(
    ("minutes", "days"),
    [(1, "0.5"), (240, "0.5"), (241, "1"), (480, "1"), (481, "1.5")],
)
def test_each_half_day_that_is_begun_counts(minutes: int, days: str) -> None:
    assert visits.days_of(minutes) == Decimal(days)


@given(st.integers(1, 60), st.integers(1, 300))
def test_shares_make_up_the_days_of_one_visit(halves: int, number: int) -> None:
    days = halves * HALF
    found = visits.shares(days, number)
    assert (len(found), sum(found)) == (number, days)
    assert max(found) - min(found) <= Decimal("0.01")


def test_what_nobody_says_of_a_visit_follows_from_its_day() -> None:
    assert visits.state_on(MONDAY, MONDAY) == "done"
    assert visits.state_on(MONDAY + dt.timedelta(days=1), MONDAY) == "planned"


def test_an_hour_is_that_of_the_portal() -> None:
    nine = dt.time(9, 30)
    winter = visits.instant_of(MONDAY, nine, PARIS)
    assert winter == dt.datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    summer = visits.instant_of(dt.date(2026, 7, 1), nine, PARIS)
    assert summer == dt.datetime(2026, 7, 1, 7, 30, tzinfo=UTC)


def test_on_the_day_the_clock_changes() -> None:
    half_past_two = dt.time(2, 30)
    with pytest.raises(visits.NoSuchHour):
        visits.instant_of(dt.date(2026, 3, 29), half_past_two, PARIS)
    # It comes twice: at 0:30 and at 1:30 UTC.
    twice = visits.instant_of(dt.date(2026, 10, 25), half_past_two, PARIS)
    assert twice == dt.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def _slot(
    key: str,
    hour: int | None = None,
    minutes: int | None = None,
    *,
    who: str = "anne",
    day: dt.date = MONDAY,
    days: Decimal = HALF,
) -> Slot:
    starts = None if hour is None else dt.datetime.combine(day, dt.time(hour), PARIS)
    return Slot(key, who, day, days, starts and starts.astimezone(UTC), minutes)


def _clashing(*slots: Slot) -> list[str]:
    return sorted(f"{one.key}{other.key}" for one, other in visits.clashes(slots))


def test_two_visits_clash_where_they_overlap() -> None:
    assert _clashing(_slot("a", 9, 90), _slot("b", 10)) == ["ab"]
    # One may begin when the other is over.
    assert _clashing(_slot("a", 9, 60), _slot("b", 10)) == []
    assert _clashing(_slot("a", 9, 90), _slot("b", 10, who="brice")) == []


def test_a_visit_over_midnight_clashes_with_the_next_morning() -> None:
    tuesday = MONDAY + dt.timedelta(days=1)
    late = _slot("a", 22, 300)
    assert late.ends == dt.datetime(2026, 3, 3, 2, tzinfo=UTC)
    assert _clashing(late, _slot("b", 2, 60, day=tuesday)) == ["ab"]
    assert _clashing(late, _slot("b", 3, 60, day=tuesday)) == []


def test_its_length_is_that_of_the_clock_on_the_wall_of_nobody() -> None:
    """Two hours in the night in which the clock is put back are two hours."""
    night = dt.date(2026, 10, 25)
    one = _slot("a", 1, 120, day=night)
    assert one.ends is not None
    assert one.ends == dt.datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert one.ends.astimezone(PARIS).hour == 2


def test_without_an_hour_a_day_holds_one_day() -> None:
    assert _clashing(_slot("a"), _slot("b")) == []
    assert _clashing(_slot("a", days=ONE), _slot("b", 9)) == ["ab"]
    # A group visit has a row for each whom it is for.
    assert _clashing(_slot("a", 9), _slot("a", 9)) == []

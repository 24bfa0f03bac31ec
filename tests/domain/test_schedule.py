"""When a season takes a state by itself."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from ckanext.challenge.domain import schedule

PARIS = ZoneInfo("Europe/Paris")
SEASON = {
    "application_opens": dt.date(2022, 3, 27),
    "application_deadline": dt.date(2022, 9, 30),
    "launch": dt.date(2022, 9, 15),
    "first_publication": dt.date(2022, 12, 15),
    "finalisation": dt.date(2022, 10, 30),
}


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    ("current", "instant", "state"),
    [
        # The clock goes forward on that day, after its midnight: still winter time.
        ("draft", utc(2022, 3, 26, 23), "open"),
        # Launched before the deadline: only once the last day of applications is over.
        ("open", utc(2022, 9, 30, 22), "running"),
        # The clock goes back on that day: it ends in winter time.
        ("running", utc(2022, 10, 30, 23), "finished"),
    ],
)
def test_a_state_comes_at_a_midnight_of_paris(
    current: str, instant: dt.datetime, state: str
) -> None:
    def due(now: dt.datetime) -> str | None:
        return schedule.due_transition(current, schedule.STATES, SEASON, now, PARIS)

    assert due(instant - dt.timedelta(microseconds=1)) is None
    assert due(instant) == state
    assert schedule.instant_of(state, SEASON, PARIS) == instant


def test_a_launch_after_the_deadline_is_the_day_itself() -> None:
    dates: dict[str, dt.date | None] = {**SEASON, "launch": dt.date(2022, 10, 3)}
    assert schedule.instant_of("running", dates, PARIS) == utc(2022, 10, 2, 22)
    dates["application_deadline"] = None
    assert schedule.instant_of("running", dates, PARIS) == utc(2022, 10, 2, 22)


@pytest.mark.parametrize(
    ("current", "scheduled", "state"),
    [
        ("draft", ["open"], "open"),
        ("draft", [], None),
        # Never over a state that nobody scheduled.
        ("draft", ["running", "finished"], None),
        ("open", ["open", "finished"], None),
        ("open", ["open", "running"], "running"),
        ("finished", list(schedule.STATES), None),
        ("archived", list(schedule.STATES), None),
    ],
)
def test_only_what_is_scheduled_and_comes_next(
    current: str, scheduled: list[str], state: str | None
) -> None:
    now = utc(2030, 1, 1)
    found = schedule.due_transition(current, scheduled, SEASON, now, PARIS)
    assert found == state


def test_without_a_date_nothing_comes() -> None:
    dates = {**SEASON, "launch": None}
    now = utc(2030, 1, 1)
    assert schedule.due_transition("open", ["running"], dates, now, PARIS) is None
    assert schedule.undated(schedule.STATES, dates) == ("running",)
    assert schedule.undated(["open"], dates) == ()


def test_what_is_still_to_come() -> None:
    assert schedule.still_to_come("draft") == ("open", "running", "finished")
    assert schedule.still_to_come("running") == ("finished",)
    assert schedule.still_to_come("finished") == ()
    assert schedule.still_to_come("archived") == ()

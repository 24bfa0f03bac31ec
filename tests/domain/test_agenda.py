"""The day of the weekly mail, and what has been silent for a day."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import agenda

MONDAY = dt.date(2026, 11, 30)
NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.timezone.utc)
days = st.integers(0, 60).map(lambda number: MONDAY + dt.timedelta(days=number))


def test_who_was_never_written_to_waits_for_the_day_itself() -> None:
    assert agenda.digest_day(0, None, MONDAY) == MONDAY
    assert agenda.digest_day(1, None, MONDAY) is None
    assert agenda.digest_day(None, None, MONDAY) is None


@given(st.integers(0, 6), st.lists(days, min_size=1, max_size=30, unique=True))
def test_one_mail_for_each_week_whenever_the_command_runs(
    weekday: int, runs: list[dt.date]
) -> None:
    """Whatever runs are missed, none is sent twice, and the latest is made up for."""
    settled, sent = MONDAY - dt.timedelta(days=1), []
    for today in sorted(runs):
        for _ in range(2):
            if day := agenda.digest_day(weekday, settled, today):
                assert day.weekday() == weekday
                assert dt.timedelta(0) <= today - day < dt.timedelta(days=7)
                sent.append(day)
                settled = day
    assert len(set(sent)) == len(sent)
    last = max(runs)
    latest = last - dt.timedelta(days=(last.weekday() - weekday) % 7)
    assert (latest in sent) is (latest >= MONDAY)


def test_what_did_not_work_for_a_day_is_silent() -> None:
    def ago(hours: int) -> dt.datetime:
        return NOW - dt.timedelta(hours=hours)

    assert agenda.silent({}, None, NOW) == []
    # A season that began this morning has missed nothing yet.
    assert agenda.silent({}, ago(3), NOW) == []
    assert agenda.silent({}, ago(60), NOW) == ["evaluate", "mail", "worker"]
    assert agenda.silent({}, ago(80), NOW) == [*agenda.WATCHED]
    ran = {"evaluate": ago(25), "mail": ago(27), "worker": ago(0)}
    assert agenda.silent(ran, ago(60), NOW) == ["mail"]

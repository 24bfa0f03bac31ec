"""When the personal data of an application are erased."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import lifecycle, retention
from ckanext.challenge.domain.retention import Facts, Periods, add_months, due

UTC = dt.timezone.utc
NOW = dt.datetime(2026, 6, 15, 12, tzinfo=UTC)
PERIODS = Periods()


def ago(months: float) -> dt.datetime:
    return NOW - dt.timedelta(days=months * 30.6)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (Facts("draft", ago(2)), "keep"),
        (Facts("draft", ago(2.6)), "announce"),
        (Facts("draft", ago(2.6), announced=ago(0.1)), "keep"),
        (Facts("draft", ago(4), announced=ago(0.5)), "erase"),
        # It was changed after the notice: the period, and the notice, begin anew.
        (Facts("draft", ago(2.6), announced=ago(3)), "announce"),
        # The command did not run for a year: the notice is two weeks all the same.
        (Facts("draft", ago(15)), "announce"),
        (Facts("draft", ago(15), announced=ago(0.4)), "keep"),
        (Facts("draft", ago(15), announced=ago(0.5)), "erase"),
        # Nobody to tell.
        (Facts("draft", ago(2.9), reachable=False), "keep"),
        (Facts("draft", ago(3.1), reachable=False), "erase"),
        (Facts("withdrawn", ago(11)), "keep"),
        (Facts("withdrawn", ago(12), announced=ago(0.5)), "erase"),
        # The decision counts, not a later note or assignment.
        (Facts("refused", ago(1), decided=ago(11.7)), "announce"),
        (Facts("refused", ago(13), decided=ago(2)), "keep"),
        # Whom the portal accompanies.
        (Facts("accepted", ago(40), decided=ago(40), season="running"), "keep"),
        (
            Facts("accepted", ago(40), decided=ago(40), season="finished"),
            "keep",
        ),
        (
            Facts("accepted", ago(40), season="archived", archived=ago(11)),
            "keep",
        ),
        (
            Facts("accepted", ago(40), season="archived", archived=ago(12)),
            "announce",
        ),
        # Taken out of the archive again.
        (
            Facts("accepted", ago(40), season="finished", archived=ago(13)),
            "keep",
        ),
        (Facts("submitted", ago(20)), "keep"),
        (Facts("waitlisted", ago(20), season="running"), "keep"),
        (
            Facts("waitlisted", ago(20), season="finished", finished=ago(11.8)),
            "announce",
        ),
        (
            Facts("in_review", ago(20), season="archived", finished=ago(5)),
            "keep",
        ),
    ],
)
def test_what_is_to_be_done(facts: Facts, wanted: str) -> None:
    assert due(facts, PERIODS, NOW) == wanted


@pytest.mark.parametrize(
    ("start", "months", "wanted"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2024, 11, 30), 3, (2025, 2, 28)),
        ((2023, 2, 28), 12, (2024, 2, 28)),
        ((2024, 2, 29), 12, (2025, 2, 28)),
        ((2026, 12, 5), 1, (2027, 1, 5)),
    ],
)
def test_months_of_different_lengths(
    start: tuple[int, int, int], months: int, wanted: tuple[int, int, int]
) -> None:
    assert add_months(dt.datetime(*start, tzinfo=UTC), months) == dt.datetime(
        *wanted, tzinfo=UTC
    )


# Hypothesis adds the zone itself.
FIRST, LAST = dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)  # noqa: DTZ001
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
perhaps = st.none() | moments
every = st.builds(
    Facts,
    state=st.sampled_from(lifecycle.APPLICATION.states),
    changed=moments,
    decided=perhaps,
    season=st.sampled_from(lifecycle.COHORT.states),
    finished=perhaps,
    archived=perhaps,
    announced=perhaps,
    reachable=st.just(True),
)


@given(every, moments)
def test_nobody_is_erased_without_two_weeks_of_notice(
    facts: Facts, now: dt.datetime
) -> None:
    if due(facts, PERIODS, now) == "erase":
        assert facts.announced is not None
        assert now - facts.announced >= retention.NOTICE
        assert now >= (retention.erased_on(facts, PERIODS) or now)


@given(every, moments)
def test_an_announcement_is_made_once_and_kept(facts: Facts, now: dt.datetime) -> None:
    if due(facts, PERIODS, now) != "announce":
        return
    promise = retention.promised(facts, PERIODS, now)
    told = replace(facts, announced=now)
    assert promise - now >= retention.NOTICE
    assert due(told, PERIODS, promise - dt.timedelta(seconds=1)) == "keep"
    assert due(told, PERIODS, promise) == "erase"


def test_nothing_is_promised_where_nothing_ends() -> None:
    with pytest.raises(ValueError, match="nothing"):
        retention.promised(Facts("submitted", NOW), PERIODS, NOW)

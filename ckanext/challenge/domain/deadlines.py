"""Days and instants: when a deadline ends, when a step is due, what is late.

Days are those of the portal's time zone. The zone is given as a
:class:`datetime.tzinfo` of :mod:`zoneinfo`.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

#: The dates of a cohort that a step may be due by, in the order of a season.
MILESTONES: tuple[str, ...] = (
    "application_opens",
    "application_deadline",
    "launch",
    "first_publication",
    "finalisation",
)

#: Pairs of milestones of which the second may not come before the first. The launch
#: may fall before the deadline: a season can start while the last files come in.
_FREE = ("application_deadline", "launch")
MILESTONES_ORDER: tuple[tuple[str, str], ...] = tuple(
    pair for pair in itertools.combinations(MILESTONES, 2) if pair != _FREE
)


@dataclass(frozen=True)
class Due:
    """When a step is due.

    :ivar milestone: one of :data:`MILESTONES`
    :ivar days: how many days after it (before it, if negative)
    """

    milestone: str
    days: int = 0


def out_of_order(
    milestones: Mapping[str, datetime.date | None],
) -> tuple[tuple[str, str], ...]:
    """Return the pairs of milestones whose second date lies before the first.

    A pair with another date between them is left out: what is wrong shows there.
    """
    there = {
        name: day for name in MILESTONES if (day := milestones.get(name)) is not None
    }
    return tuple(
        (first, second)
        for first, second in MILESTONES_ORDER
        if first in there
        and second in there
        and there[second] < there[first]
        and not any(
            (first, between) in MILESTONES_ORDER
            and (between, second) in MILESTONES_ORDER
            for between in there
        )
    )


def day_of(instant: datetime.datetime, zone: datetime.tzinfo) -> datetime.date:
    """Return the calendar day of an instant in a time zone.

    :param instant: an aware datetime
    """
    return instant.astimezone(zone).date()


def start_of_day(day: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """Return the first instant of a day, in UTC."""
    return end_of_day(day - datetime.timedelta(days=1), zone)


def end_of_day(day: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """Return the first instant after a day, in UTC.

    A deadline on that day holds as long as the present is before it. Days on which the
    clock changes have 23 or 25 hours, and end at their own midnight all the same.
    """
    midnight = datetime.datetime.combine(
        day + datetime.timedelta(days=1), datetime.time(), tzinfo=zone
    )
    return midnight.astimezone(datetime.timezone.utc)


def has_ended(
    day: datetime.date, now: datetime.datetime, zone: datetime.tzinfo
) -> bool:
    """Say whether the end of a day has come.

    :param now: an aware datetime
    """
    return now >= end_of_day(day, zone)


def answer_by(
    submitted: datetime.date, deadline: datetime.date | None, days: int
) -> datetime.date:
    """Return the day by which an applicant can expect an answer.

    Applications are read together once all are there: the days count from the deadline
    of the season, and for what comes later from the day on which it came.

    :param days: that reading them takes
    """
    start = submitted if deadline is None else max(submitted, deadline)
    return start + datetime.timedelta(days=days)


def due_date(
    due: Due | None, milestones: Mapping[str, datetime.date | None]
) -> datetime.date | None:
    """Return the day on which a step is due in a cohort.

    :returns: ``None`` for a step without a due date, and where the cohort does not
        have that milestone
    """
    if due is None:
        return None
    day = milestones.get(due.milestone)
    return None if day is None else day + datetime.timedelta(days=due.days)


def is_late(day: datetime.date | None, today: datetime.date) -> bool:
    """Say whether something due on a day is late today; on the day itself it is not."""
    return day is not None and today > day

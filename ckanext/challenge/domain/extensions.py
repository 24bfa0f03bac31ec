"""When a later day may be given for a step."""

from __future__ import annotations

import datetime as dt
from typing import Literal

#: How far ahead a day may be: what lies further is a slip of the pen.
FAR = dt.timedelta(days=366)

#: Why a day cannot be given: the step has none in the season, the day is not later than
#: that one, it is past, the season is over by then, or it lies too far ahead.
Problem = Literal["undated", "not_later", "past", "after_end", "far"]


def problem(
    day: dt.date,
    season_day: dt.date | None,
    today: dt.date,
    ends: dt.date | None,
) -> Problem | None:
    """Say why a step cannot be put off to a day; nothing where it can.

    :param season_day: on which the step is due in the season
    :param today: in the portal's time zone
    :param ends: the last day of the season, where that is set
    """
    if season_day is None:
        return "undated"
    if day < today:
        return "past"
    if day <= season_day:
        return "not_later"
    if ends is not None and day > ends:
        return "after_end"
    return "far" if day > today + FAR else None

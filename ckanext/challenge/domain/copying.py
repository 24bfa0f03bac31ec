"""A season made of another one: which dates it has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from .deadlines import MILESTONES


def shifted(
    milestones: Mapping[str, dt.date | None], launch: dt.date
) -> dict[str, dt.date | None]:
    """Return the dates of a season moved by as many days as its launch.

    A season without a launch gives no measure: its copy has that one date alone.

    :param milestones: the dates of the season that is copied, others than the
        milestones too
    :param launch: the day on which the copy is launched
    :raises OverflowError: when a date leaves the calendar
    """
    names = dict.fromkeys((*MILESTONES, *milestones))
    before = milestones.get("launch")
    if before is None:
        return {**dict.fromkeys(names), "launch": launch}
    by = launch - before
    return {
        name: None if (day := milestones.get(name)) is None else day + by
        for name in names
    }

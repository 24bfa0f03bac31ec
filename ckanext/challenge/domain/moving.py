"""What it does to a participant that the dates of its season move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from . import progress
from .lifecycle import STEP_SETTLED


class Touched(NamedTuple):
    """What becomes of the steps that are still asked, by their keys.

    :ivar moved: their day is another one
    :ivar late: they become late
    :ivar in_time: they are late no more
    :ivar kept: the season's day moves, and the later one that was given holds
    """

    moved: tuple[str, ...]
    late: tuple[str, ...]
    in_time: tuple[str, ...]
    kept: tuple[str, ...]


def touched(
    states: Mapping[str, str],
    later: Mapping[str, dt.date],
    before: progress.Days,
    after: progress.Days,
    today: dt.date,
) -> Touched:
    """Say what becomes of the steps of a participant.

    :param states: the state of each step by its key; one that is not there is to do
    :param later: the later days that it was given, by the key of the step
    :param before: the days of the season as they are
    :param after: the days that it gets, of the same steps
    """
    old, new = (progress.extended(days, later) for days in (before, after))
    moved: list[str] = []
    late: list[str] = []
    in_time: list[str] = []
    kept: list[str] = []
    for key in after:
        state = states.get(key, "todo")
        if state in STEP_SETTLED or before[key] == after[key]:
            continue
        if old[key] == new[key]:
            kept.append(key)
            continue
        moved.append(key)
        was, becomes = (
            progress.is_late(state, days[key], today) for days in (old, new)
        )
        if becomes and not was:
            late.append(key)
        elif was and not becomes:
            in_time.append(key)
    return Touched(tuple(moved), tuple(late), tuple(in_time), tuple(kept))

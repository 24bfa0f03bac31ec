"""Whom to remind of the steps of a season, and of which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from . import deadlines
from .lifecycle import STEP_SETTLED
from .programme import Programme


class Reminder(NamedTuple):
    """What a reminder says; the keys of steps, in the order in which they are due.

    :ivar late: those whose day is over
    :ivar soon: those whose day comes within the days asked for
    """

    late: tuple[str, ...]
    soon: tuple[str, ...]


def is_time(
    reminded: dt.date | None,
    today: dt.date,
    interval: int,
    ends: dt.date | None,
) -> bool:
    """Say whether a participant may be reminded on a day.

    Days are compared, and not hours: a command that runs every morning runs a little
    sooner on some.

    :param reminded: the day on which it was reminded last
    :param interval: how many days lie at least between two reminders
    :param ends: the last day of the season, where that is set
    """
    if ends is not None and today > ends:
        return False
    return reminded is None or (today - reminded).days >= interval


def due(
    programme: Programme,
    states: Mapping[str, str],
    due_days: Mapping[str, dt.date | None],
    today: dt.date,
    ahead: int,
    *,
    planned: Mapping[str, dt.date | None] = MappingProxyType({}),
) -> Reminder | None:
    """Return what to remind a participant of; nothing where nothing presses.

    Steps that the programme does not require are left out, and so are those that wait
    for an adviser, or that its members planned for a day to come: nobody is reminded
    of what others have to do, or of what is in hand.

    :param states: the state of each step by its key; one that is not there is to do
    :param due_days: see :func:`ckanext.challenge.domain.progress.due_days`
    :param ahead: how many days ahead a step is named
    :param planned: the days that its members planned, by the key of the step
    """
    late: list[tuple[dt.date, str]] = []
    soon: list[tuple[dt.date, str]] = []
    for step in programme.steps:
        state, day = states.get(step.key, "todo"), due_days.get(step.key)
        if day is None or not step.required:
            continue
        if state in STEP_SETTLED or state == "to_confirm":
            continue
        own = planned.get(step.key)
        if state == "planned" and own is not None and own >= today:
            continue
        if deadlines.is_late(day, today):
            late.append((day, step.key))
        elif (day - today).days <= ahead:
            soon.append((day, step.key))
    if not late and not soon:
        return None
    return Reminder(_in_order(late), _in_order(soon))


def _in_order(found: list[tuple[dt.date, str]]) -> tuple[str, ...]:
    # Those of one day stay in the order of the file.
    return tuple(key for _, key in sorted(found, key=lambda pair: pair[0]))

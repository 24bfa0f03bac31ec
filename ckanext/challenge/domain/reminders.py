"""Whom to remind of the steps of a season, and of which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Pace:
    """How often a participant is reminded.

    Days are compared, and not hours: a command that runs every morning runs a little
    sooner on some.

    :ivar interval: how many days lie at least between two reminders
    :ivar quiet: how many days at least after anything else that its members were told:
        a reminder that follows on a message reads as if nobody had read the answer
    :ivar reminded: the day on which it was reminded last
    :ivar told: the day on which its members were told anything else last
    :ivar paused: whether somebody paused the reminders
    :ivar until: the last day of that pause, where it ends by itself
    :ivar ends: the last day of the season, where that is set
    """

    interval: int
    quiet: int
    reminded: dt.date | None = None
    told: dt.date | None = None
    paused: bool = False
    until: dt.date | None = None
    ends: dt.date | None = None

    def first(self, today: dt.date) -> dt.date | None:
        """Return the first day, from today on, on which a reminder may come.

        :returns: ``None`` where none may any more, or before somebody ends a pause
        """
        if self.paused and self.until is None:
            return None
        days = [today]
        if self.paused and self.until is not None:
            days.append(self.until + dt.timedelta(days=1))
        for last, wait in ((self.reminded, self.interval), (self.told, self.quiet)):
            if last is not None:
                days.append(last + dt.timedelta(days=wait))
        first = max(days)
        return first if self.ends is None or first <= self.ends else None


def is_time(pace: Pace, today: dt.date) -> bool:
    """Say whether a participant may be reminded on a day."""
    return pace.first(today) == today


class Coming(NamedTuple):
    """A reminder to come.

    :ivar on: the day from which it comes, with the command that reminds
    """

    on: dt.date
    reminder: Reminder


def following(
    programme: Programme,
    states: Mapping[str, str],
    due_days: Mapping[str, dt.date | None],
    today: dt.date,
    ahead: int,
    *,
    pace: Pace,
    planned: Mapping[str, dt.date | None] = MappingProxyType({}),
) -> Coming | None:
    """Return the next reminder, if all stays as it is.

    The parameters are those of :func:`due`.

    :returns: ``None`` where no reminder comes any more
    """
    first = pace.first(today)
    if first is None:
        return None
    # What is to be told changes on these days alone.
    changes = [day - dt.timedelta(days=ahead) for day in due_days.values() if day]
    changes += [day + dt.timedelta(days=1) for day in planned.values() if day]
    for day in sorted({first, *(day for day in changes if day > first)}):
        if pace.ends is not None and day > pace.ends:
            return None
        found = due(programme, states, due_days, day, ahead, planned=planned)
        if found is not None:
            return Coming(day, found)
    return None


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


def left(
    programme: Programme,
    states: Mapping[str, str],
    due_days: Mapping[str, dt.date | None],
) -> list[tuple[str, dt.date | None]]:
    """Return the required steps that are still for the members to do, the next first.

    :param states: the state of each step by its key; one that is not there is to do
    :param due_days: see :func:`ckanext.challenge.domain.progress.due_days`
    :returns: keys with the day on which each is due; those without one come last
    """
    found = [
        (step.key, due_days.get(step.key))
        for step in programme.steps
        if step.required
        and states.get(step.key, "todo") not in (*STEP_SETTLED, "to_confirm")
    ]
    return sorted(found, key=lambda pair: pair[1] or dt.date.max)


def _in_order(found: list[tuple[dt.date, str]]) -> tuple[str, ...]:
    # Those of one day stay in the order of the file.
    return tuple(key for _, key in sorted(found, key=lambda pair: pair[0]))

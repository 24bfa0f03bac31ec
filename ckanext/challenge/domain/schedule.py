"""When a season takes a state by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from .deadlines import end_of_day, start_of_day

#: Which date of a season brings which state.
MILESTONE_OF: dict[str, str] = {
    "open": "application_opens",
    "running": "launch",
    "finished": "finalisation",
}

#: The states that a season can take by itself, in the order of its life.
STATES: tuple[str, ...] = tuple(MILESTONE_OF)

# The state that each of them follows.
_AFTER = {"open": "draft", "running": "open", "finished": "running"}

Milestones = Mapping[str, dt.date | None]


def instant_of(
    state: str, milestones: Milestones, zone: dt.tzinfo
) -> dt.datetime | None:
    """Return the instant at which a state comes, in UTC.

    A season opens as the first day of the applications begins, and finishes as its
    last day ends. It starts as the day of its launch begins, but not before the last
    day of the applications has ended: a season that has started takes none.

    :param state: one of :data:`STATES`
    :param milestones: the dates of the season
    :param zone: the portal's time zone
    :returns: ``None`` where the date is not set
    """
    day = milestones.get(MILESTONE_OF[state])
    if day is None:
        return None
    if state == "finished":
        return end_of_day(day, zone)
    begins = start_of_day(day, zone)
    deadline = milestones.get("application_deadline")
    if state == "running" and deadline is not None:
        return max(begins, end_of_day(deadline, zone))
    return begins


def still_to_come(current: str) -> tuple[str, ...]:
    """Return the states that a season can still take by itself, in their order."""
    order = ("draft", *STATES)
    return STATES[order.index(current) :] if current in order else ()


def due_transition(
    current: str,
    scheduled: Collection[str],
    milestones: Milestones,
    now: dt.datetime,
    zone: dt.tzinfo,
) -> str | None:
    """Return the state that a season is to take now.

    :param current: the state it is in
    :param scheduled: those of :data:`STATES` that come by themselves
    :param now: an aware datetime
    :returns: ``None`` when nothing is due; once the season has that state, another
        one may be
    """
    for state in STATES:
        if _AFTER[state] == current and state in scheduled:
            instant = instant_of(state, milestones, zone)
            return state if instant is not None and instant <= now else None
    return None


def left_after(
    scheduled: Iterable[str],
    before: str,
    to: str,
    *,
    milestones: Milestones,
    now: dt.datetime,
    zone: dt.tzinfo,
) -> tuple[str, ...]:
    """Return what stays scheduled once a season went from one state to another.

    Of the states it leaves and takes, what has come has come: nobody's step back is
    undone by the clock. What a person did ahead of its date stays scheduled for that
    date, should the season be taken back until then.

    :param scheduled: those of :data:`STATES` that come by themselves
    :param now: an aware datetime
    """

    def stays(state: str) -> bool:
        if state not in (before, to):
            return True
        instant = instant_of(state, milestones, zone)
        return instant is not None and instant > now

    return tuple(state for state in scheduled if stays(state))


def undated(scheduled: Iterable[str], milestones: Milestones) -> tuple[str, ...]:
    """Return those of the scheduled states whose date is not set."""
    return tuple(
        state for state in scheduled if milestones.get(MILESTONE_OF[state]) is None
    )

"""What is kept of a step where two participations become one."""

from __future__ import annotations

#: How far each state of a step has come; a waiver is somebody's decision.
_RANK = {
    "todo": 0,
    "planned": 1,
    "in_progress": 2,
    "to_confirm": 3,
    "waived": 4,
    "done": 5,
}
#: Of two participations in one season, what the one is that takes the place of both.
_ALIVE = ("completed", "active", "withdrawn")


def goes_further(one: str, other: str) -> bool:
    """Return whether a step has come further in one state than in another.

    >>> goes_further("done", "to_confirm"), goes_further("todo", "todo")
    (True, False)
    """
    return _RANK[one] > _RANK[other]


def state_of_both(one: str, other: str) -> str:
    """Return the state of what two participations become.

    >>> state_of_both("withdrawn", "active")
    'active'
    """
    return min(one, other, key=_ALIVE.index)

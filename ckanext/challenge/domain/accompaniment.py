"""What the staff of a season owes a participant: days, answers, a sign of life."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

#: The time of a visit is counted in these, in days.
LEAST = Decimal("0.5")

#: The most days that one visit may have: more is a slip of the pen.
LONGEST = 30


def days_left(granted: Decimal | None, spent: Decimal) -> Decimal | None:
    """Return the days of accompaniment that are left.

    :param granted: of the season, for each participant
    :returns: less than nothing where more was spent; ``None`` where the season does
        not count days

    >>> days_left(Decimal(12), Decimal("2.5"))
    Decimal('9.5')
    """
    return None if granted is None else granted - spent


def waits_for_answer(
    side: str | None, written: dt.datetime | None, visited: dt.datetime | None
) -> bool:
    """Say whether the last word is a member's and the staff owes an answer.

    A visit noted since is one: some answers are given by telephone.

    :param side: of the last message, ``member`` or ``staff``
    :param written: when that was
    :param visited: when the last visit was noted
    """
    if side != "member" or written is None:
        return False
    return visited is None or visited < written

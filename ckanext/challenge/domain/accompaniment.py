"""What the staff of a season owes a participant: days."""

from __future__ import annotations

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

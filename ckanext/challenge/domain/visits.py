"""Visits of advisers: how their days are counted, when they are, what clashes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

from .accompaniment import LEAST

#: Where people meet: at the collectivité, at a distance, or several of them together.
KINDS = ("on_site", "remote", "group")

#: A planned visit was held (``done``), or is not (``cancelled``): each is said by a
#: person, and may be taken back.
STATES = ("planned", "done", "cancelled")

#: Minutes of half a day: what lasts longer takes another half.
HALF_DAY = 240

#: The longest that a visit with an hour may last, in minutes.
LONGEST_MINUTES = 24 * 60

_CENT = Decimal("0.01")
_UTC = dt.timezone.utc


def days_of(minutes: int) -> Decimal:
    """The days that a visit of so many minutes takes: halves, each one begun.

    >>> days_of(90), days_of(240), days_of(241)
    (Decimal('0.5'), Decimal('0.5'), Decimal('1.0'))
    """
    return max(1, -(-minutes // HALF_DAY)) * LEAST


def shares(days: Decimal, number: int) -> list[Decimal]:
    """What each of several collectivités has of the days of one visit.

    Equal but for a hundredth, and together exactly the days of the visit: the time of
    an adviser is counted once, however many it was for.

    >>> [str(share) for share in shares(Decimal("0.5"), 3)]
    ['0.17', '0.17', '0.16']
    """
    each = (days / number).quantize(_CENT, ROUND_DOWN)
    over = int((days - each * number) / _CENT)
    return [each + _CENT if at < over else each for at in range(number)]


def state_on(day: dt.date, today: dt.date) -> str:
    """What a visit is of which nobody says whether it was held."""
    return "planned" if day > today else "done"


class NoSuchHour(ValueError):
    """An hour that the clock leaves out on that day."""


def instant_of(day: dt.date, hour: dt.time, zone: ZoneInfo) -> dt.datetime:
    """The moment in UTC at which it is so late there on that day.

    Where the clock is put back an hour comes twice: it is the first of the two.

    :raises NoSuchHour: where the clock is put forward, of an hour that is left out

    >>> paris = ZoneInfo("Europe/Paris")
    >>> instant_of(dt.date(2026, 10, 25), dt.time(2, 30), paris).hour
    0
    """
    local = dt.datetime.combine(day, hour, zone)
    moment = local.astimezone(_UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchHour
    return moment


@dataclass(frozen=True)
class Slot:
    """When somebody is taken up by a visit.

    :ivar key: of the visit; the rows of a group visit have the same
    :ivar who: the id of the adviser
    :ivar days: that it takes
    :ivar starts: a moment in UTC, or nothing where no hour is known
    :ivar minutes: that it lasts; where nobody said so, half a day for each half
    """

    key: str
    who: str
    day: dt.date
    days: Decimal
    starts: dt.datetime | None = None
    minutes: int | None = None

    @property
    def ends(self) -> dt.datetime | None:
        """When it is over: so many minutes later, whatever the clock does meanwhile."""
        if self.starts is None:
            return None
        minutes = self.minutes or int(self.days / LEAST) * HALF_DAY
        return self.starts + dt.timedelta(minutes=minutes)


def _clash(one: Slot, other: Slot) -> bool:
    if one.starts and other.starts:
        assert one.ends and other.ends
        return one.starts < other.ends and other.starts < one.ends
    # Of what has no hour it is known only how much of the day it takes.
    return one.day == other.day and one.days + other.days > 1


def clashes(slots: Iterable[Slot]) -> Iterator[tuple[Slot, Slot]]:
    """Pairs of visits for which one person would have to be in two places.

    Two visits with an hour clash where they overlap, also over midnight; of those of
    which one has none, where together they take more than the day.
    """
    by_person: dict[str, list[Slot]] = {}
    for slot in {slot.key: slot for slot in slots}.values():
        by_person.setdefault(slot.who, []).append(slot)
    for own in by_person.values():
        own.sort(key=lambda slot: (slot.day, slot.key))
        for at, one in enumerate(own):
            for other in own[at + 1 :]:
                # What begins in the night may reach into the next day, no further.
                if (other.day - one.day).days > 1:
                    break
                if _clash(one, other):
                    yield one, other

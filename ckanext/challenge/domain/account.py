"""The account of a season: its period and aims, what was planned, what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

#: The figures of a season that can have an aim, and that earlier seasons have too.
FIGURES = ("participants", "published", "datasets", "completed", "percent")

#: How the cost of a line of an agreement comes about: an ``amount`` that somebody
#: gives, or a cost by ``days`` that were spent, or by ``collectivites`` taking part.
RULES = ("amount", "days", "collectivites")

_CENT = Decimal("0.01")
_TENTH = Decimal("0.1")


class Gap(NamedTuple):
    """How far what came is from what was planned.

    :ivar amount: what came less what was planned
    :ivar percent: the same, of what was planned; none where nothing was
    """

    amount: Decimal
    percent: Decimal | None


def decimal(value: Any) -> Decimal | None:
    """A number of JSON as it is written; nothing where there is none."""
    return None if value is None else Decimal(str(value))


def gap(planned: Any, realised: Any) -> Gap | None:
    """The gap between two numbers; nothing where one of them is not known.

    >>> gap(2000, 1500)
    Gap(amount=Decimal('-500'), percent=Decimal('-25.0'))
    """
    aim, came = decimal(planned), decimal(realised)
    if aim is None or came is None:
        return None
    amount = came - aim
    percent = (100 * amount / aim).quantize(_TENTH, ROUND_HALF_UP) if aim else None
    return Gap(amount, percent)


def share(value: Any, aim: Any) -> Decimal | None:
    """How much of an aim is reached, in percent; nothing where there is no aim.

    >>> share(15, 20)
    Decimal('75.0')
    """
    reached, wanted = decimal(value), decimal(aim)
    if reached is None or not wanted:
        return None
    return (100 * reached / wanted).quantize(_TENTH, ROUND_HALF_UP)


def realised(line: Mapping[str, Any], *, days: Any, collectivites: int) -> Any:
    """What a line of an agreement came to, by its rule.

    :param line: with ``rule``, and ``unit_cost`` or ``realised``
    :param days: that were spent
    :param collectivites: that take part
    :returns: an amount; nothing where it cannot be known
    """
    if line["rule"] == "amount":
        return decimal(line.get("realised"))
    cost = decimal(line.get("unit_cost"))
    if cost is None:
        return None
    number = decimal(days if line["rule"] == "days" else collectivites) or Decimal(0)
    return (cost * number).quantize(_CENT, ROUND_HALF_UP)


def total(amounts: Iterable[Any]) -> Decimal | None:
    """The sum of those that are known; nothing where none is."""
    known = [one for one in map(decimal, amounts) if one is not None]
    return sum(known, Decimal(0)) if known else None


def period(*days: dt.date | None) -> str:
    """The years of a season, for the names of its files and sheets.

    >>> period(dt.date(2022, 9, 30), None, dt.date(2023, 3, 31))
    '2022-2023'
    >>> period(None)
    ''
    """
    years = sorted({day.year for day in days if day})
    if not years:
        return ""
    first, last = years[0], years[-1]
    return str(first) if first == last else f"{first}-{last}"

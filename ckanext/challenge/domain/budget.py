"""What accompaniment costs, and what of it is promised, engaged and spent."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

#: How a funder pays: for each day that was given, or the whole amount for each
#: collectivité as soon as its accompaniment has begun.
RULES = ("day", "collectivite")

_ZERO = Decimal(0)
_CENT = Decimal("0.01")


def cost(funding: Iterable[Mapping[str, Any]]) -> Decimal:
    """Return the cost of one accompaniment: the sum of its funding.

    :param funding: ``{source, amount}`` each
    """
    return sum((Decimal(str(line["amount"])) for line in funding), _ZERO)


def funder_id(source: str) -> str:
    """What stands for a funder in other documents: its name in plain letters, or as it
    is where it has none.

    >>> funder_id("Région Centre-Val de Loire")
    'region-centre-val-de-loire'
    """
    plain = unicodedata.normalize("NFKD", source).encode("ascii", "ignore").decode()
    found = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return found or " ".join(source.casefold().split())


class Accompanied(NamedTuple):
    """A collectivité and its days.

    :ivar left: whether it has left the season: its days stay what they were, and
        nothing more is promised to it
    :ivar planned: what is still to come; nothing for one that has left
    """

    done: Decimal
    planned: Decimal = _ZERO
    left: bool = False


def days_left(granted: Decimal | None, one: Accompanied) -> Decimal | None:
    """The days that are neither done nor planned; ``None`` where days are not counted.

    One that has left has none: what it did not take is free again.
    """
    if granted is None:
        return None
    return _ZERO if one.left else granted - one.done - one.planned


@dataclass(frozen=True)
class Line:
    """What one funder pays for each accompaniment.

    :ivar rule: one of :data:`RULES`
    :ivar promised: the sum of its agreement, where that is known
    """

    name: str
    amount: Decimal
    rule: str
    promised: Decimal | None = None

    def spent(self, days: Decimal, granted: Decimal | None) -> Decimal:
        """What is due for a collectivité that had so many days: no more than amount."""
        if not days:
            return _ZERO
        if self.rule == "collectivite" or not granted:
            return self.amount
        return min(self.amount, self.amount * days / granted)


@dataclass(frozen=True)
class Account:
    """What a funder promised, what of it is engaged, what is spent.

    :ivar rules: by which it pays, one of :data:`RULES` for each kind of its lines
    :ivar forecast: what will be spent at the end, if it goes on as it is booked
    """

    name: str
    rules: tuple[str, ...]
    promised: Decimal
    engaged: Decimal
    spent: Decimal
    forecast: Decimal

    def __add__(self, other: Account) -> Account:
        """What another line of the same funder adds; the name stays."""
        return Account(
            self.name,
            tuple(dict.fromkeys(self.rules + other.rules)),
            self.promised + other.promised,
            self.engaged + other.engaged,
            self.spent + other.spent,
            self.forecast + other.forecast,
        )


def lines(funding: Iterable[Mapping[str, Any]], granted: Decimal | None) -> list[Line]:
    """The funding of a season; a line that names no rule pays by the day, where the
    season counts days.
    """
    return [_line(part, granted) for part in funding]


def _line(part: Mapping[str, Any], granted: Decimal | None) -> Line:
    promised = part.get("promised")
    return Line(
        part["source"],
        Decimal(str(part["amount"])),
        part.get("rule") or ("day" if granted else "collectivite"),
        None if promised is None else Decimal(str(promised)),
    )


def accounts(
    funding: Iterable[Mapping[str, Any]],
    granted: Decimal | None,
    capacity: int | None,
    people: Sequence[Accompanied],
) -> list[Account]:
    """The money of each funder, by the first of its lines.

    Each line follows its own rule and has its own promise; one funder may have several.

    :param granted: the days of each, or nothing where the season counts none
    """
    found: dict[str, Account] = {}
    for line in lines(funding, granted):
        key, own = funder_id(line.name), account(line, granted, capacity, people)
        found[key] = found[key] + own if key in found else own
    return [*found.values()]


def account(
    line: Line,
    granted: Decimal | None,
    capacity: int | None,
    people: Sequence[Accompanied],
) -> Account:
    """The money of one line of a funder.

    *Promised* is the sum of its agreement; without one, its amount for each place of
    the season (for each who takes part, where places are not counted). *Engaged* is its
    amount for each who takes part, and what was spent for those that left. *Spent*
    follows its rule.

    :param granted: the days of each, or nothing where the season counts none
    """
    # Of three hundred, many had the same days.
    alike = Counter(people)
    due = {one: line.spent(one.done, granted) for one in alike}
    spent = sum((due[one] * number for one, number in alike.items()), _ZERO)
    engaged = sum(
        (
            (due[one] if one.left else line.amount) * number
            for one, number in alike.items()
        ),
        _ZERO,
    )
    promised = line.promised
    if promised is None:
        staying = sum(number for one, number in alike.items() if not one.left)
        promised = line.amount * (staying if capacity is None else capacity)
    forecast = sum(
        (
            line.spent(one.done + one.planned, granted) * number
            for one, number in alike.items()
        ),
        _ZERO,
    )
    rounded = (promised, engaged, spent, forecast)
    return Account(
        line.name, (line.rule,), *(number.quantize(_CENT) for number in rounded)
    )


def expected(
    done: Decimal,
    planned: Decimal,
    granted: Decimal | None,
    *,
    start: dt.date | None,
    end: dt.date | None,
    today: dt.date,
) -> Decimal:
    """The days that will have been given at the end of a season.

    What is booked at least; more, if the days go on as fast as since the launch, but
    no more than the season grants.

    :param granted: to all who take part, or nothing where the season counts none
    """
    booked = done + planned
    if start is None or end is None or not start < today < end:
        return booked
    pace = done * (end - start).days / (today - start).days
    if granted is not None:
        pace = min(pace, granted)
    return max(booked, pace).quantize(_CENT)


def dropped(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The funders that a change takes away.

    Another name for the same amount at the same place is another name, not another
    funder.
    """
    kept = {funder_id(line["source"]) for line in after}
    renamed = {
        funder_id(old["source"])
        for old, new in zip(before, after, strict=False)
        if Decimal(str(old["amount"])) == Decimal(str(new["amount"]))
    }
    return [
        line["source"]
        for line in before
        if funder_id(line["source"]) not in kept | renamed
    ]

"""What the accompaniment of one collectivité costs, and who pays it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Share:
    """What one source pays.

    :ivar source: its name
    :ivar amount: in the cohort's currency
    :ivar share: between 0 and 1, of the whole cost
    """

    source: str
    amount: Decimal
    share: float


def cost(funding: Iterable[Mapping[str, Any]]) -> Decimal:
    """Return the cost of one accompaniment: the sum of its funding.

    :param funding: ``{source, amount}`` each
    """
    return sum((Decimal(str(line["amount"])) for line in funding), Decimal(0))


def shares(funding: Iterable[Mapping[str, Any]]) -> tuple[Share, ...]:
    """Return who pays how much of it, in the order given.

    Where the cost is nothing, every share is nothing.
    """
    lines = [(line["source"], Decimal(str(line["amount"]))) for line in funding]
    total = sum((amount for _, amount in lines), Decimal(0))
    return tuple(
        Share(source, amount, float(amount / total) if total else 0.0)
        for source, amount in lines
    )

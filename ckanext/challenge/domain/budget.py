"""What the accompaniment of one collectivité costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any


def cost(funding: Iterable[Mapping[str, Any]]) -> Decimal:
    """Return the cost of one accompaniment: the sum of its funding.

    :param funding: ``{source, amount}`` each
    """
    return sum((Decimal(str(line["amount"])) for line in funding), Decimal(0))

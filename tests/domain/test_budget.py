"""What one accompaniment costs."""

from __future__ import annotations

from decimal import Decimal

from ckanext.challenge.domain import budget

FUNDING = [
    {"source": "Plan", "amount": 3000},
    {"source": "Région", "amount": 2000},
    {"source": "Collectivité", "amount": 1000},
]


def test_the_cost_is_the_sum_of_the_funding() -> None:
    assert budget.cost(FUNDING) == 6000
    assert budget.cost([]) == 0


def test_cents_are_exact() -> None:
    line = {"source": "a", "amount": 0.1}
    assert budget.cost([line, line, line]) == Decimal("0.3")

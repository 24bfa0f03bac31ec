"""What one accompaniment costs."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import budget

FUNDING = [
    {"source": "Plan", "amount": 3000},
    {"source": "Région", "amount": 2000},
    {"source": "Collectivité", "amount": 1000},
]


def test_the_cost_is_the_sum_of_the_funding() -> None:
    assert budget.cost(FUNDING) == 6000
    assert budget.cost([]) == 0


def test_shares_are_of_the_whole() -> None:
    first, second, third = budget.shares(FUNDING)
    assert (first.source, first.amount, first.share) == ("Plan", Decimal(3000), 0.5)
    assert second.amount == 2000
    assert round(third.share, 3) == 0.167


def test_nothing_to_share() -> None:
    assert budget.shares([]) == ()
    assert budget.shares([{"source": "Don", "amount": 0}])[0].share == 0


def test_cents_are_exact() -> None:
    line = {"source": "a", "amount": 0.1}
    assert budget.cost([line, line, line]) == Decimal("0.3")


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=8))
def test_shares_make_one(amounts: list[int]) -> None:
    shares = budget.shares([{"source": "x", "amount": amount} for amount in amounts])
    assert abs(sum(share.share for share in shares) - 1) < 1e-9

"""Days that are left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ckanext.challenge.domain import accompaniment as rules


@pytest.mark.parametrize(
    ("granted", "spent", "left"),
    [("12", "2.5", "9.5"), ("2", "2.5", "-0.5"), ("0", "0", "0"), (None, "3", None)],
)
def test_days_left(granted: str | None, spent: str, left: str | None) -> None:
    total = None if granted is None else Decimal(granted)
    found = rules.days_left(total, Decimal(spent))
    assert found == (None if left is None else Decimal(left))

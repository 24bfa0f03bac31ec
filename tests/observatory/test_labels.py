"""The observatory in words."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.challenge.domain.sizes import SIZES
from ckanext.challenge.observatory import labels

pytestmark = pytest.mark.usefixtures("with_request_context")


def _figures(rule: str, declared: int = 2) -> dict[str, Any]:
    return {
        "rule": rule,
        "agents_declared": declared,
        "readings": {
            "either": {"concerned": 203, "concerned_publishing": 18, "unknown": 7},
            "both": {"concerned": 21, "concerned_publishing": 5, "unknown": 1182},
        },
    }


def test_sizes_are_named_by_their_bounds() -> None:
    found = labels.sizes()
    assert list(found) == [size.key for size in SIZES]
    assert all(text.count("{") == 0 for text in found.values())


@pytest.mark.parametrize("rule", ["either", "both"])
@pytest.mark.parametrize("declared", [0, 1, 2])
def test_the_rule_says_its_thresholds(rule: str, declared: int) -> None:
    text = labels.rule(_figures(rule, declared), 3500, 50)
    assert "50" in text
    assert "{" not in text


@pytest.mark.parametrize(
    ("rule", "numbers"), [("either", ("5", "21")), ("both", ("18", "203"))]
)
def test_the_other_reading_is_the_other_one(
    rule: str, numbers: tuple[str, str]
) -> None:
    text = labels.other_rule(_figures(rule))
    assert all(number in text for number in numbers)


@pytest.mark.parametrize("conforming", [0, 1])
@pytest.mark.parametrize("publishes", [True, False])
def test_what_was_opened_is_said_in_each_case(publishes: bool, conforming: int) -> None:
    assert labels.opened({"publishes": publishes, "conforming": conforming})
    assert set(labels.classes()) == set("con")

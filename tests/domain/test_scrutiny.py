"""The map of rules that those who decide read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain.scrutiny import RULES, Facts, judge

DEADLINE = dt.date(2022, 9, 30)
GOOD = Facts(
    known=True,
    kind="commune",
    kinds=("commune",),
    confirmed=True,
    consent=True,
    submitted=DEADLINE,
    deadline=DEADLINE,
    free=1,
)


def _outcomes(**changes: Any) -> dict[str, str]:
    facts = dataclasses.replace(GOOD, **changes)
    return {verdict.rule: verdict.outcome for verdict in judge(facts)}


def test_a_file_in_order_passes_every_rule() -> None:
    assert _outcomes() == dict.fromkeys(RULES, "passed")


@pytest.mark.parametrize(
    ("changes", "rule", "outcome"),
    [
        ({"differences": ("population",)}, "identity", "look"),
        ({"kind": "cc"}, "kind", "failed"),
        ({"kind": None}, "kind", "unknown"),
        ({"others": 1}, "alone", "failed"),
        ({"homonyms": 2}, "homonym", "look"),
        ({"organizations": 1}, "organization", "look"),
        ({"confirmed": False}, "address", "look"),
        ({"own": True}, "own", "failed"),
        ({"missing": ("agents",)}, "complete", "failed"),
        ({"consent": False}, "consent", "failed"),
        ({"submitted": DEADLINE + dt.timedelta(days=1)}, "in_time", "look"),
        ({"submitted": None}, "in_time", "unknown"),
        ({"free": 0}, "place", "failed"),
    ],
)
def test_each_rule_tells_of_what_it_is_about_and_no_other(
    changes: dict[str, Any], rule: str, outcome: str
) -> None:
    expected = dict.fromkeys(RULES, "passed") | {rule: outcome}
    assert _outcomes(**changes) == expected


def test_outside_the_directory_there_is_nothing_to_compare_with() -> None:
    outcomes = _outcomes(known=False, differences=("population",))
    assert outcomes["directory"] == "look"
    assert outcomes["identity"] == "unknown"


def test_what_was_admitted_needs_no_place() -> None:
    assert _outcomes(free=0, admitted=True)["place"] == "passed"
    assert _outcomes(free=None)["place"] == "passed"
    assert _outcomes(kinds=(), kind="autre")["kind"] == "passed"


@given(st.builds(Facts, known=st.booleans()))
def test_every_rule_answers_once(facts: Facts) -> None:
    assert [verdict.rule for verdict in judge(facts)] == list(RULES)

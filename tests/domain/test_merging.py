"""What is kept of two participations."""

from __future__ import annotations

import itertools

import pytest

from ckanext.challenge.domain import lifecycle, merging


@pytest.mark.parametrize(
    ("one", "other"), itertools.product(lifecycle.PERSON_STEP.states, repeat=2)
)
def test_of_two_states_one_has_come_further(one: str, other: str) -> None:
    further = merging.goes_further(one, other)
    assert further != merging.goes_further(other, one) or one == other
    assert not (one == other and further)


def test_what_is_done_comes_before_all() -> None:
    assert merging.goes_further("done", "waived")
    assert merging.goes_further("waived", "to_confirm")


@pytest.mark.parametrize(
    ("one", "other"), itertools.product(lifecycle.PARTICIPANT.states, repeat=2)
)
def test_who_goes_on_goes_on(one: str, other: str) -> None:
    both = merging.state_of_both(one, other)
    assert both == merging.state_of_both(other, one)
    assert (both == "withdrawn") == (one == other == "withdrawn")

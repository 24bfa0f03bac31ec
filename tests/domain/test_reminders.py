"""Whom to remind, of what, and when not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import lifecycle, reminders
from ckanext.challenge.domain.programme import Programme, parse

TODAY = dt.date(2026, 3, 2)


def _step(key: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "phase": "un",
        "title": {"fr": key},
        "check": {"person": {"confirm": True}},
        **more,
    }


PROGRAMME: Programme = parse(
    {
        "version": 1,
        "title": {"fr": "Essai"},
        "phases": [{"key": "un", "title": {"fr": "Un"}}],
        "steps": [
            _step("a"),
            _step("b"),
            _step("c"),
            _step("facultatif", required=False),
            _step("sans-date"),
        ],
    },
    "essai.yaml",
)


def _day(offset: int) -> dt.date:
    return TODAY + dt.timedelta(days=offset)


DUE = {"a": _day(3), "b": _day(-9), "c": _day(-20), "facultatif": _day(-9)}


@pytest.mark.parametrize(
    ("states", "due", "ahead", "late", "soon"),
    [
        # In the order of their days, whatever the order of the file.
        ({}, DUE, 7, ("c", "b"), ("a",)),
        ({}, DUE, 2, ("c", "b"), ()),
        # The day itself is not late.
        ({}, {"a": TODAY}, 0, (), ("a",)),
        ({}, {"a": _day(-1)}, 0, ("a",), ()),
        ({"a": "done", "b": "waived"}, DUE, 7, ("c",), ()),
        # Others have to do something about that one.
        ({"c": "to_confirm"}, DUE, 7, ("b",), ("a",)),
        ({"b": "planned", "c": "in_progress"}, DUE, 2, ("c", "b"), ()),
    ],
)
def test_what_a_reminder_names(
    states: dict[str, str],
    due: dict[str, dt.date],
    ahead: int,
    late: tuple[str, ...],
    soon: tuple[str, ...],
) -> None:
    assert reminders.due(PROGRAMME, states, due, TODAY, ahead) == (late, soon)


@pytest.mark.parametrize(("day", "late"), [(-1, ("c", "b")), (0, ("b",)), (30, ("b",))])
def test_what_was_planned_for_a_day_to_come_is_in_hand(
    day: int, late: tuple[str, ...]
) -> None:
    found = reminders.due(
        PROGRAMME, {"c": "planned"}, DUE, TODAY, 0, planned={"c": _day(day)}
    )
    assert found == (late, ())


@pytest.mark.parametrize(
    ("states", "due"),
    [
        ({}, {}),
        ({}, {"a": _day(8)}),
        ({}, {"facultatif": _day(-9)}),
        (dict.fromkeys("abc", "done"), DUE),
    ],
)
def test_nobody_is_reminded_of_what_does_not_press(
    states: dict[str, str], due: dict[str, dt.date]
) -> None:
    assert reminders.due(PROGRAMME, states, due, TODAY, 7) is None


_STATES = st.sampled_from(sorted(lifecycle.step_lifecycle("person").states))


@given(
    states=st.dictionaries(st.sampled_from("abc"), _STATES),
    offsets=st.dictionaries(st.sampled_from("abc"), st.integers(-400, 400)),
    ahead=st.integers(0, 60),
)
def test_nothing_is_named_that_is_done_twice_or_without_a_day(
    states: dict[str, str], offsets: dict[str, int], ahead: int
) -> None:
    due = {key: _day(offset) for key, offset in offsets.items()}
    found = reminders.due(PROGRAMME, states, due, TODAY, ahead)
    if found is None:
        return
    named = [*found.late, *found.soon]
    assert len(named) == len(set(named))
    for key in named:
        assert states.get(key) not in (*lifecycle.STEP_SETTLED, "to_confirm")
    assert all(due[key] < TODAY for key in found.late)
    assert all(TODAY <= due[key] <= _day(ahead) for key in found.soon)


@pytest.mark.parametrize(
    ("reminded", "ends", "expected"),
    [
        (None, None, True),
        (_day(-13), None, False),
        (_day(-14), None, True),
        (None, TODAY, True),
        (None, _day(-1), False),
        (_day(-90), _day(-1), False),
    ],
)
def test_when(reminded: dt.date | None, ends: dt.date | None, expected: bool) -> None:
    assert reminders.is_time(reminded, TODAY, 14, ends) is expected

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
    pace = reminders.Pace(14, 7, reminded, ends=ends)
    assert reminders.is_time(pace, TODAY) is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, TODAY),
        ({"reminded": _day(-3)}, _day(11)),
        # What else they were told leaves them alone for a while.
        ({"told": _day(-3)}, _day(4)),
        ({"reminded": _day(-13), "told": TODAY}, _day(7)),
        ({"told": _day(-7)}, TODAY),
        ({"paused": True}, None),
        ({"paused": True, "until": _day(5)}, _day(6)),
        ({"paused": True, "until": _day(5), "told": TODAY}, _day(7)),
        ({"ends": _day(-1)}, None),
        ({"ends": TODAY}, TODAY),
        ({"reminded": _day(-3), "ends": _day(10)}, None),
    ],
)
def test_the_first_day_on_which_one_may_come(
    fields: dict[str, Any], expected: dt.date | None
) -> None:
    pace = reminders.Pace(14, 7, **fields)
    assert pace.first(TODAY) == expected
    assert reminders.is_time(pace, TODAY) is (expected == TODAY)


@pytest.mark.parametrize(
    ("states", "due", "fields", "on", "named"),
    [
        ({}, DUE, {}, TODAY, ("c", "b", "a")),
        ({}, {"a": _day(30)}, {}, _day(23), ("a",)),
        ({}, {"a": _day(30)}, {"reminded": _day(15)}, _day(29), ("a",)),
        ({}, {"a": _day(30)}, {"ends": _day(20)}, None, ()),
        ({}, {"a": _day(30), "b": _day(40)}, {}, _day(23), ("a",)),
        ({"a": "done"}, {"a": _day(30), "b": _day(40)}, {}, _day(33), ("b",)),
        (dict.fromkeys("abc", "done"), DUE, {}, None, ()),
        ({}, {"a": _day(30)}, {"paused": True}, None, ()),
    ],
)
def test_the_next_one_and_what_it_names(
    states: dict[str, str],
    due: dict[str, dt.date],
    fields: dict[str, Any],
    on: dt.date | None,
    named: tuple[str, ...],
) -> None:
    pace = reminders.Pace(14, 7, **fields)
    coming = reminders.following(PROGRAMME, states, due, TODAY, 7, pace=pace)
    if on is None:
        assert coming is None
    else:
        assert coming is not None
        assert (coming.on, coming.reminder.late + coming.reminder.soon) == (on, named)


def test_a_step_that_is_planned_is_named_once_its_day_is_over() -> None:
    coming = reminders.following(
        PROGRAMME,
        {"a": "planned"},
        {"a": _day(2)},
        TODAY,
        7,
        pace=reminders.Pace(14, 7),
        planned={"a": _day(4)},
    )
    assert coming == (_day(5), (("a",), ()))


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(-30, 60)),
    st.integers(0, 10),
    st.one_of(st.none(), st.integers(-30, 0)),
    st.one_of(st.none(), st.integers(-30, 0)),
)
def test_what_is_shown_is_what_comes(
    offsets: dict[str, int], ahead: int, reminded: int | None, told: int | None
) -> None:
    """Run every morning, the command reminds on the day that was shown."""
    due = {key: _day(offset) for key, offset in offsets.items()}
    pace = reminders.Pace(
        14,
        7,
        None if reminded is None else _day(reminded),
        None if told is None else _day(told),
        ends=_day(90),
    )
    coming = reminders.following(PROGRAMME, {}, due, TODAY, ahead, pace=pace)
    mornings = (
        day
        for day in map(_day, range(91))
        if reminders.is_time(pace, day)
        and reminders.due(PROGRAMME, {}, due, day, ahead) is not None
    )
    assert next(mornings, None) == (coming.on if coming else None)


def test_what_is_left_is_in_the_order_of_its_days() -> None:
    left = reminders.left(PROGRAMME, {"b": "to_confirm", "c": "waived"}, DUE)
    assert left == [("a", _day(3)), ("sans-date", None)]

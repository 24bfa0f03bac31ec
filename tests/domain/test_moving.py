"""What moved dates of a season do to the steps of a participant."""

from __future__ import annotations

import datetime as dt

from ckanext.challenge.domain import moving

TODAY = dt.date(2026, 11, 30)


def _day(number: int) -> dt.date:
    return TODAY + dt.timedelta(days=number)


def test_each_open_step_is_told_apart() -> None:
    before = {
        **dict.fromkeys(("done", "waived", "confirm", "saved", "own"), _day(-5)),
        "pressed": _day(20),
        "same": _day(3),
        "new": None,
        "gone": _day(-9),
    }
    after = {
        **dict.fromkeys(("done", "waived", "confirm", "saved", "own"), _day(5)),
        "pressed": _day(-1),
        "same": _day(3),
        "new": _day(9),
        "gone": None,
    }
    states = {"done": "done", "waived": "waived", "confirm": "to_confirm"}
    found = moving.touched(states, {"own": _day(30)}, before, after, TODAY)
    assert found == moving.Touched(
        moved=("confirm", "saved", "pressed", "new", "gone"),
        late=("pressed",),
        in_time=("saved", "gone"),
        kept=("own",),
    )


def test_a_season_that_moves_beyond_the_later_day_moves_it() -> None:
    found = moving.touched({}, {"a": _day(10)}, {"a": _day(1)}, {"a": _day(20)}, TODAY)
    assert (found.moved, found.kept) == (("a",), ())

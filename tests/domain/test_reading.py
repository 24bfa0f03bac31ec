"""Reading together: criteria, the mean by weight, and who sees what."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import reading
from ckanext.challenge.domain.definitions import DefinitionErrors
from ckanext.challenge.domain.text import Text

GRID = [
    {"label": {"fr": "Envie d'ouvrir", "en": "Will to open"}, "weight": 3},
    {"label": "Moyens"},
]


def problems(raw: object) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(DefinitionErrors) as caught:
        reading.check_definitions(raw)
    return [(problem.path, problem.code) for problem in caught.value.problems]


def test_criteria_get_keys_and_are_read_again_as_they_were() -> None:
    grid = reading.check_definitions(GRID)
    assert [(one.key, one.weight) for one in grid] == [
        ("envie_d_ouvrir", 3),
        ("moyens", 1),
    ]
    assert reading.read([one.as_dict() for one in grid]) == grid


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        ({"x": 1}, (), "not_a_list"),
        (["x"], (0,), "not_an_object"),
        ([{"label": ""}], (0, "label", "fr"), "missing"),
        ([{"label": "a" * 201}], (0, "label", "fr"), "too_long"),
        ([{"label": "<b>x</b>"}], (0, "label", "fr"), "html"),
        ([{"label": "A", "weight": 0}], (0, "weight"), "not_between"),
        ([{"label": "A", "weight": 11}], (0, "weight"), "not_between"),
        ([{"label": "A", "weight": True}], (0, "weight"), "not_between"),
        ([{"label": "A", "weight": "un"}], (0, "weight"), "not_between"),
        ([{"label": "A", "weight": "²"}], (0, "weight"), "not_between"),
        ([{"label": "A", "weight": 1.5}], (0, "weight"), "not_between"),
        ([{"label": "A", "colour": "b"}], (0,), "unknown"),
        ([{"label": "A", "key": "Ä"}], (0, "key"), "key"),
        ([{"label": "A", "key": "a"}, {"label": "B", "key": "a"}], (1, "key"), "twice"),
        ([{"label": f"C {n}"} for n in range(13)], (), "too_many"),
    ],
)
def test_what_is_no_criterion_is_said_where_it_stands(
    raw: Any, path: Any, code: str
) -> None:
    assert (path, code) in problems(raw)


def test_every_criterion_needs_a_whole_number_of_the_scale() -> None:
    grid = reading.check_definitions(GRID)
    right, none = reading.check_scores(grid, {"envie_d_ouvrir": "5", "moyens": 0})
    assert (right, none) == ({"envie_d_ouvrir": 5, "moyens": 0}, {})
    for wrong in (6, -1, 2.5, True, "4,5", "cinq", [3], "٣"):
        _, errors = reading.check_scores(grid, {"envie_d_ouvrir": wrong, "moyens": 1})
        assert errors == {"envie_d_ouvrir": "not_a_score"}, wrong
    _, errors = reading.check_scores(grid, {"moyens": "", "autre": 3, "vide": None})
    assert errors == {
        "envie_d_ouvrir": "missing",
        "moyens": "missing",
        "autre": "unknown",
    }


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(0, 5)), min_size=1))
def test_the_mean_lies_between_the_lowest_and_the_highest(
    rows: list[tuple[int, int]],
) -> None:
    grid = [
        reading.Criterion(f"c{n}", Text("", ""), Text("", ""), weight)
        for n, (weight, _) in enumerate(rows)
    ]
    scores = {f"c{n}": score for n, (_, score) in enumerate(rows)}
    found = reading.worth(grid, scores)
    assert found is not None
    assert min(scores.values()) <= found <= max(scores.values())


def test_a_criterion_that_came_later_counts_for_those_who_gave_it() -> None:
    grid = reading.check_definitions(GRID)
    assert reading.worth(grid, {"envie_d_ouvrir": 5, "moyens": 1}) == 4
    assert reading.worth(grid, {"moyens": 1, "gone": 5}) == 1
    assert reading.worth(grid, {"gone": 5}) is None
    assert reading.worth([], {}) is None


def test_average_and_spread() -> None:
    assert reading.summarise([]) == reading.Summary(0, None, None)
    worths = [Fraction(4), Fraction(1), Fraction(10, 3)]
    assert reading.summarise(worths) == reading.Summary(3, 2.78, 3.0)


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        (None, None, "open"),
        (1, None, "early"),
        (0, 0, "open"),
        (None, -1, "over"),
        (-3, -1, "over"),
    ],
)
def test_both_days_belong_to_the_reading(
    opens: int | None, closes: int | None, expected: str
) -> None:
    today = dt.date(2026, 3, 2)
    first, last = (
        None if offset is None else today + dt.timedelta(days=offset)
        for offset in (opens, closes)
    )
    assert reading.phase(first, last, today) == expected


def test_nobody_sees_what_others_gave_before_their_own() -> None:
    assert not reading.sees_others("none", over=False)
    assert reading.sees_others("scored", over=False)
    assert reading.sees_others("none", over=True)
    assert not reading.sees_others("conflict", over=True)

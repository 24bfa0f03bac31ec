"""The points of data.europa.eu."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import mqa

ALL = (1 << len(mqa.FACTS)) - 1


def without(*facts: str) -> int:
    return ALL & ~sum(1 << mqa.FACTS.index(fact) for fact in facts)


def test_the_weights_are_those_of_the_methodology() -> None:
    assert {name: mqa.maximum_of(name) for name in mqa.DIMENSIONS} == {
        "findability": 100,
        "accessibility": 100,
        "interoperability": 110,
        "reusability": 75,
        "context": 20,
    }
    assert mqa.MAXIMUM == mqa.points(ALL) == 405


@pytest.mark.parametrize(
    ("facts", "lost"),
    [
        (["keyword"], 30),
        (["temporal_coverage"], 20),
        # Neither the page nor the download answers.
        (["answers"], 80),
        (["download"], 50),
        (["answers", "download"], 100),
        (["known_format"], 20),
        (["notes"], 30),
        (["licence", "known_licence"], 35),
        (["contact"], 20),
        (["size"], 5),
    ],
)
def test_what_is_missing_costs_its_points(facts: list[str], lost: int) -> None:
    assert mqa.points(without(*facts)) == 405 - lost
    assert list(mqa.missing(without(*facts))) == facts


def test_of_nothing_the_portal_says_a_few() -> None:
    """Public access, the publisher, and both dates."""
    assert mqa.points(0) == 35
    assert mqa.missing(0) == mqa.FACTS


@pytest.mark.parametrize(
    ("points", "word"),
    [
        (405, "excellent"),
        (351, "excellent"),
        (350.9, "good"),
        (221, "good"),
        (220, "sufficient"),
        (121, "sufficient"),
        (120, "bad"),
        (0, "bad"),
    ],
)
def test_ratings(points: float, word: str) -> None:
    assert mqa.rating(points) == word


@given(st.dictionaries(st.integers(0, ALL), st.integers(1, 5), min_size=1, max_size=6))
def test_a_summary_is_the_mean_of_its_datasets(datasets: dict[int, int]) -> None:
    found = mqa.summary(datasets.items())
    total = sum(datasets.values())
    assert found.datasets == total
    mean = sum(mqa.points(met) * number for met, number in datasets.items()) / total
    assert found.points == pytest.approx(mean)
    weights = {one.name: one.points for one in mqa.INDICATORS}
    lost = sum(weights[name] * number for name, number in found.lacking.items())
    assert mean == pytest.approx(405 - lost / total)


def test_a_summary_of_nothing() -> None:
    found = mqa.summary([])
    assert (found.datasets, found.points, found.lacking) == (0, 0, {})

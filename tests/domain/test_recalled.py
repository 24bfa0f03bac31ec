"""What was published beside a name comes back beside it, and nowhere else."""

from __future__ import annotations

from ckanext.challenge.domain import recalled

KNOWN = {"harmonie municipale": "W451000001"}


def test_a_name_is_known_in_any_case() -> None:
    texts, names = (
        ["", "", "W9"],
        ["HARMONIE  Municipale", "Sports", "Harmonie municipale"],
    )
    found = recalled.fill(texts, names, KNOWN, lambda text: text.startswith("W"))
    assert found == {0: "W451000001"}


def test_what_is_wrong_is_replaced_and_what_is_right_stays() -> None:
    texts = ["4,51E+13", "W451000009"]
    names = ["Harmonie municipale"] * 2
    found = recalled.fill(texts, names, KNOWN, lambda text: text.startswith("W"))
    assert found == {0: "W451000001"}


def test_what_is_kept() -> None:
    kept = recalled.keep(
        {"a": "1", "b": "2", "c": "3"},
        ["9", "", "5", "6"],
        ["A", "b", "C", "c"],
    )
    # One that says two things says nothing, and what is not named stays as it was.
    assert kept == {"b": "2", "a": "9"}


def test_the_last_names_are_kept() -> None:
    names = [f"n{number}" for number in range(recalled.MOST_NAMES + 3)]
    kept = recalled.keep({"old": "1"}, ["7"] * len(names), names)
    assert len(kept) == recalled.MOST_NAMES
    assert "old" not in kept

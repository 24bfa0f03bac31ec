"""What rows of a list say together, and which collectivité a name means."""

from __future__ import annotations

from ckanext.challenge.domain import roster
from ckanext.challenge.domain.place_matching import Candidate


def _visit(day: str) -> dict[str, object]:
    return {"visit_date": day, "visit_days": 1}


def test_a_row_more_is_a_visit_more_and_a_blank_says_nothing() -> None:
    told = roster.together(
        [
            {"contact_name": "Camille", **_visit("a")},
            {"adviser": "dominique", **_visit("b")},
            {"contact_name": "Camille", **_visit("b")},
        ]
    )
    assert told.values == {"contact_name": "Camille", "adviser": "dominique"}
    assert told.visits == [_visit("a"), _visit("b")]
    assert told.clashes == ()
    # The third one brings nothing that is not there.
    assert told.doubled == (2,)


def test_what_is_said_twice_and_otherwise() -> None:
    told = roster.together([{"adviser": "a"}, {"adviser": "b"}])
    assert (told.clashes, told.doubled) == (("adviser",), (1,))


def test_only_one_that_is_sure_is_chosen() -> None:
    here = Candidate("1", 0.8, ("name", "departement"))
    there = Candidate("2", 0.4, ("name", "other_departement"))
    near = Candidate("3", 0.7, ("near_name", "departement"))
    assert roster.chosen([here, there], "45") == here
    assert roster.chosen([here, there], None) is None
    assert roster.chosen([near], "45") is None
    assert roster.chosen([Candidate("4", 0.7, ("name", "only"))], None) is not None
    assert roster.chosen([here, Candidate("5", 0.7, here.why)], "45") is None
    coded = Candidate("6", 0.98, ("code", "name"))
    assert roster.chosen([here, coded], "45") == coded


def test_rows_of_one_siren() -> None:
    found = roster.by_siren([("a", 0), (None, 1), ("b", 2), ("a", 3)])
    assert found == {"a": [0, 3], "b": [2]}

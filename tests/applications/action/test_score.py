"""Several readers score an application; nobody sees others' scores before their own."""

from __future__ import annotations

import json
import re
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    day,
    make_cohort,
    make_staff,
    only_message,
)
from helpers.snapshots import MadeOnce

from benchmarks.statements import sent_statements
from ckanext.challenge.model import JournalEntry, Score

CRITERIA = [
    {"key": "envie", "label": {"fr": "Envie d'ouvrir"}, "weight": 3},
    {"key": "moyens", "label": {"fr": "Moyens"}},
]
HIGH = {"envie": 5, "moyens": 3}
LOW = {"envie": 2, "moyens": 0}
SECRET = "Le maire est pressé, le secrétariat moins."


@pytest.fixture
def season(made_once: MadeOnce) -> dict[str, Any]:
    """A season with criteria, two applications and three who read them."""
    return made_once(__name__, _season)


def _season() -> dict[str, Any]:
    collectivites()
    cohort = make_cohort(criteria=CRITERIA)
    admin = factories.Sysadmin()
    readers = [factories.User(fullname=name) for name in ("Agathe", "Basile", "Chloé")]
    for reader in readers:
        make_staff(cohort, "manager", reader, by=admin)
    applicant = factories.User()
    return {
        "cohort": cohort,
        "admin": admin,
        "readers": readers,
        "applicant": applicant,
        "baule": apply(cohort, BAULE, user=applicant)["id"],
        "poinconnet": apply(cohort, POINCONNET)["id"],
    }


def _score(season: dict[str, Any], reader: int, **data: Any) -> dict[str, Any]:
    given = {"id": season["baule"], **data}
    return call_as(season["readers"][reader], "challenge_score_create", **given)


def _seen(season: dict[str, Any], reader: int) -> dict[str, Any]:
    return call_as(
        season["readers"][reader], "challenge_score_list", id=season["baule"]
    )


def _refused(season: dict[str, Any], reader: int, field: str, **data: Any) -> str:
    with pytest.raises(tk.ValidationError) as caught:
        _score(season, reader, **data)
    return only_message(caught, field)


def _settle(season: dict[str, Any], **fields: Any) -> None:
    call_as(
        season["admin"], "challenge_cohort_patch", id=season["cohort"]["id"], **fields
    )


def test_what_others_gave_is_hidden_until_ones_own_is_given(
    season: dict[str, Any],
) -> None:
    given = _score(season, 0, scores=HIGH, comment=SECRET)
    assert (given["worth"], given["reader"]) == (4.5, "Agathe")
    before = _seen(season, 1)
    assert (before["results"], before["own"], before["hidden"]) == ([], None, 1)
    assert before["summary"] is None
    assert before["may_score"]
    assert SECRET not in str(before)

    _score(season, 1, **{"scores-envie": "2", "scores-moyens": "0"})
    after = _seen(season, 1)
    assert [row["reader"] for row in after["results"]] == ["Agathe", "Basile"]
    assert after["results"][0]["comment"] == SECRET
    assert after["own"] == after["results"][1]
    assert after["summary"] == {"readers": 2, "average": 3.0, "spread": 3.0}
    # The third has given nothing yet.
    assert _seen(season, 2)["summary"] is None


def test_scores_given_again_take_the_place_of_the_former(
    season: dict[str, Any],
) -> None:
    first = _score(season, 0, scores=HIGH, comment=SECRET)
    second = _score(season, 0, scores=LOW)
    assert second["id"] == first["id"]
    assert (second["scores"], second["comment"]) == (LOW, None)
    assert model.Session.query(Score).count() == 1


@pytest.mark.parametrize(
    ("scores", "field"),
    [
        ({"envie": 5}, "scores-moyens"),
        ({**HIGH, "envie": 6}, "scores-envie"),
        ({**HIGH, "envie": "beaucoup"}, "scores-envie"),
        ({**HIGH, "envie": [5]}, "scores-envie"),
        ({**HIGH, "autre": 1}, "scores-autre"),
        ("cinq", "scores"),
        ([5, 3], "scores"),
    ],
)
def test_what_is_no_score_is_an_error_on_its_criterion(
    season: dict[str, Any], scores: Any, field: str
) -> None:
    assert _refused(season, 0, field, scores=scores)
    assert model.Session.query(Score).count() == 0


def test_who_has_an_interest_neither_sees_nor_decides(season: dict[str, Any]) -> None:
    _score(season, 0, scores=HIGH)
    _score(season, 1, scores=LOW)
    _score(season, 1, conflict=True, comment="Mon beau-frère y est élu.")
    seen = _seen(season, 1)
    assert [row["conflict"] for row in seen["results"]] == [True]
    assert (seen["summary"], seen["hidden"]) == (None, 1)
    # What was given before the declaration is gone.
    assert _seen(season, 0)["summary"] == {
        "readers": 1,
        "average": 4.5,
        "spread": 0.0,
    }
    decision = {"id": season["baule"], "decision": "start"}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["readers"][1], "challenge_application_review", **decision)
    assert "conflict" in only_message(caught, "decision")
    call_as(season["readers"][0], "challenge_application_review", **decision)


def test_one_does_not_read_ones_own_application(season: dict[str, Any]) -> None:
    make_staff(season["cohort"], "manager", season["applicant"], by=season["admin"])
    _score(season, 0, scores=HIGH, comment=SECRET)
    own = {"id": season["baule"]}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["applicant"], "challenge_score_create", scores=HIGH, **own)
    assert only_message(caught, "id")
    _settle(season, reading_closes=day(-1).isoformat())
    seen = call_as(season["applicant"], "challenge_score_list", **own)
    assert (seen["results"], seen["summary"], seen["own_application"]) == (
        [],
        None,
        True,
    )


def test_the_reading_has_its_days(season: dict[str, Any]) -> None:
    _settle(season, reading_opens=day(1).isoformat())
    assert _refused(season, 0, "id", scores=HIGH)
    assert not _seen(season, 0)["may_score"]
    _settle(season, reading_opens=day(-3).isoformat())
    _score(season, 0, scores=HIGH)
    _settle(season, reading_closes=day(-1).isoformat())
    assert _refused(season, 1, "id", scores=HIGH)
    # Nobody can be led by it any more.
    seen = _seen(season, 1)
    assert (seen["phase"], seen["summary"]["average"]) == ("over", 4.5)
    # A conflict can be told as long as something is to be decided.
    _score(season, 2, conflict=True)


def test_the_reading_ends_after_it_begins(season: dict[str, Any]) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _settle(
            season,
            reading_opens=day(3).isoformat(),
            reading_closes=day(1).isoformat(),
        )
    assert only_message(caught, "reading_closes")


def test_a_decided_application_is_scored_no_more(season: dict[str, Any]) -> None:
    _score(season, 0, scores=HIGH)
    call_as(
        season["admin"],
        "challenge_application_review",
        id=season["baule"],
        decision="refuse",
        reason="Saison complète",
    )
    assert _refused(season, 1, "state", scores=HIGH)
    assert _seen(season, 1)["summary"]["readers"] == 1


def test_a_season_without_criteria_works_as_before(season: dict[str, Any]) -> None:
    _settle(season, criteria=[])
    assert _refused(season, 0, "scores", scores={})
    _score(season, 0, conflict=True)
    assert not _seen(season, 2)["may_score"]


def test_criteria_that_were_scored_are_not_taken_away_in_passing(
    season: dict[str, Any],
) -> None:
    _score(season, 0, scores=HIGH)
    with pytest.raises(tk.ValidationError) as caught:
        _settle(season, criteria=CRITERIA[:1])
    assert "Moyens" in only_message(caught, "criteria")
    _settle(season, criteria=CRITERIA[:1], drop_answered=True)
    assert _seen(season, 0)["own"]["worth"] == 5


def test_the_applicant_and_the_public_read_none_of_it(season: dict[str, Any]) -> None:
    _score(season, 0, scores=HIGH, comment=SECRET)
    for person in (season["applicant"], factories.User(), None):
        for action in ("challenge_score_list", "challenge_score_create"):
            with pytest.raises(tk.NotAuthorized):
                call_as(person, action, id=season["baule"], scores=HIGH)
    own = (
        ("challenge_application_show", {"id": season["baule"]}),
        ("challenge_application_data", {"id": season["baule"]}),
        ("challenge_application_list", {}),
    )
    for action, data in own:
        answer = str(call_as(season["applicant"], action, **data))
        assert SECRET not in answer
        # The average, and not the end of the seconds of a time.
        assert not re.search(r"(?<!\d)4\.5", answer)
    journal = model.Session.query(JournalEntry).all()
    assert SECRET not in str([entry.data for entry in journal])


def test_erasure_takes_the_scores_with_it(season: dict[str, Any]) -> None:
    _score(season, 0, scores=HIGH, comment=SECRET)
    call_as(season["admin"], "challenge_application_erase", id=season["baule"])
    assert model.Session.query(Score).count() == 0


def _listed(season: dict[str, Any], reader: int, **data: Any) -> list[dict[str, Any]]:
    found = call_as(
        season["readers"][reader],
        "challenge_application_list",
        cohort=season["cohort"]["name"],
        **data,
    )
    return found["results"]


def test_the_list_shows_averages_to_those_who_have_scored(
    season: dict[str, Any],
) -> None:
    _score(season, 0, scores=HIGH)
    _score(season, 0, id=season["poinconnet"], scores=LOW)
    _score(season, 1, id=season["poinconnet"], scores={"envie": 5, "moyens": 4})
    by_score = {"sort": "score"}
    mine = _listed(season, 0, **by_score)
    assert [(row["id"], row["part"], row["score"]) for row in mine] == [
        (season["baule"], "scored", {"readers": 1, "average": 4.5, "spread": 0}),
        (
            season["poinconnet"],
            "scored",
            {"readers": 2, "average": 3.13, "spread": 3.25},
        ),
    ]
    # Whose average is hidden is not told by the order either.
    other = {row["id"]: row for row in _listed(season, 1, **by_score)}
    assert list(other) == [season["poinconnet"], season["baule"]]
    assert (other[season["baule"]]["score"], other[season["baule"]]["part"]) == (
        None,
        "none",
    )
    assert [row["id"] for row in _listed(season, 1, reading="none")] == [
        season["baule"]
    ]
    assert {row["score"] for row in _listed(season, 2)} == {None}
    _settle(season, criteria=[], drop_answered=True)
    assert "score" not in _listed(season, 0, **by_score)[0]


def test_the_list_counts_as_the_rules_say(season: dict[str, Any]) -> None:
    for reader, scores in enumerate((HIGH, LOW, {"envie": 4, "moyens": 5})):
        _score(season, reader, scores=scores)
    _score(season, 2, id=season["poinconnet"], conflict=True)
    for reader in range(3):
        rows = {row["id"]: row["score"] for row in _listed(season, reader)}
        told = _seen(season, reader)["summary"]
        assert rows[season["baule"]] == pytest.approx(told)
        assert rows[season["poinconnet"]] is None
    _settle(season, reading_closes=day(-1).isoformat())
    rows = [
        {row["id"]: row["score"] for row in _listed(season, reader)}[
            season["poinconnet"]
        ]
        for reader in range(3)
    ]
    nothing = {"readers": 0, "average": None, "spread": None}
    assert rows == [nothing, nothing, None]


def test_the_export_hides_what_the_list_hides(season: dict[str, Any]) -> None:
    _score(season, 0, scores=HIGH)
    for reader, expected in ((0, 4.5), (1, None)):
        found = call_as(
            season["readers"][reader],
            "challenge_application_export",
            cohort=season["cohort"]["name"],
            format="json",
        )
        rows = {row["siren"]: row for row in json.loads(found["content"])}
        assert rows[BAULE]["score_average"] == expected


def test_as_many_statements_for_few_scores_as_for_many(season: dict[str, Any]) -> None:
    def sent() -> int:
        with sent_statements() as statements:
            _listed(season, 0)
        return len(statements)

    before = sent()
    for reader in range(3):
        for name in ("baule", "poinconnet"):
            _score(season, reader, id=season[name], scores=HIGH)
    assert sent() == before

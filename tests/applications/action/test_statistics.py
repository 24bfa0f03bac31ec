"""Choosing applications by their answers, and counting them."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    day,
    make_cohort,
    only_message,
)
from helpers.snapshots import MadeOnce

from benchmarks.statements import sent_statements

QUESTIONS = [
    {"key": "pret", "label": "Prêt ?", "type": "yes_no"},
    {
        "key": "themes",
        "label": {"fr": "Thèmes", "en": "Themes"},
        "type": "choices",
        "choices": [
            {"value": "budget", "label": {"fr": "Budget"}},
            {"value": "eau", "label": {"fr": "Eau"}},
        ],
    },
    {"key": "heures", "label": "Heures par semaine", "type": "number"},
    {"key": "pourquoi", "label": "Pourquoi ?"},
]
SECRET = "Parce que le maire le veut"


@pytest.fixture
def season(made_once: MadeOnce) -> dict[str, Any]:
    """A season with questions, three applications and a draft."""
    return made_once(__name__, _season)


def _season() -> dict[str, Any]:
    collectivites()
    cohort = make_cohort(questions=QUESTIONS)
    apply(
        cohort,
        BAULE,
        answers={"pret": True, "themes": ["budget", "eau"], "heures": 2},
    )
    apply(cohort, POINCONNET, answers={"pret": False, "themes": ["eau"], "heures": "5"})
    apply(cohort, LIGNIERES[0], answers={"pourquoi": SECRET})
    apply(cohort, LIGNIERES[1], submit=False, answers={"pret": True})
    return {"cohort": cohort["name"], "admin": factories.Sysadmin()}


def _listed(season: dict[str, Any], **data: Any) -> list[dict[str, Any]]:
    data = {"cohort": season["cohort"], "state": "submitted", **data}
    return call_as(season["admin"], "challenge_application_list", **data)["results"]


def _sirens(season: dict[str, Any], **data: Any) -> list[str]:
    return [row["siren"] for row in _listed(season, **data)]


def test_applications_are_chosen_by_their_answers(season: dict[str, Any]) -> None:
    assert _sirens(season, answers={"pret": True}) == [BAULE]
    assert _sirens(season, **{"answers-pret": "false"}) == [POINCONNET]
    assert _sirens(season, answers={"themes": "eau"}) == [BAULE, POINCONNET]
    assert _sirens(season, answers={"themes": ["eau", "budget"]}) == [BAULE]
    assert _sirens(season, answers={"themes": "eau", "pret": "false"}) == [POINCONNET]
    assert len(_sirens(season, answers={"pret": ""})) == 3
    exported = call_as(
        season["admin"],
        "challenge_application_export",
        cohort=season["cohort"],
        format="json",
        answers={"pret": True, "themes": "budget"},
        state="submitted",
    )
    assert [row["siren"] for row in json.loads(exported["content"])] == [BAULE]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"answers": {"pourquoi": SECRET}}, "answers-pourquoi"),
        ({"answers": {"autre": "x"}}, "answers-autre"),
        ({"answers-themes": "feu"}, "answers-themes"),
        ({"answers": {"pret": "peut-être"}}, "answers-pret"),
        ({"answers": "pret"}, "answers"),
        ({"columns": "autre"}, "columns"),
    ],
)
def test_what_is_no_answer_chooses_nothing(
    season: dict[str, Any], data: dict[str, Any], field: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _listed(season, **data)
    assert only_message(caught, field)


def test_answers_stand_in_columns_where_they_are_asked_for(
    season: dict[str, Any],
) -> None:
    assert "answers" not in _listed(season)[0]
    rows = _listed(season, columns="pret,heures")
    assert [row["answers"] for row in rows] == [
        {"pret": True, "heures": 2},
        {"pret": False, "heures": 5},
        {"pret": None, "heures": None},
    ]


def test_what_was_handed_in_is_counted(season: dict[str, Any]) -> None:
    found = call_as(
        season["admin"], "challenge_application_statistics", cohort=season["cohort"]
    )
    assert found["count"] == 3
    assert found["days"] == [{"day": day().isoformat(), "count": 3, "total": 3}]
    assert found["kinds"] == [{"value": "commune", "count": 3}]
    assert found["departements"] == [
        {"value": code, "count": 1} for code in ("18", "36", "45")
    ]
    assert found["states"] == [{"value": "submitted", "count": 3}]
    told = {row["key"]: row for row in found["questions"]}
    assert [(row["value"], row["count"]) for row in told["pret"]["values"]] == [
        (True, 1),
        (False, 1),
    ]
    assert [row["count"] for row in told["themes"]["values"]] == [1, 2]
    hours = told["heures"]
    assert [hours[name] for name in ("answers", "minimum", "maximum", "mean")] == [
        2,
        2,
        5,
        3.5,
    ]
    assert told["pourquoi"]["answers"] == 1
    assert SECRET not in str(found)


def test_a_season_nobody_applied_to_has_figures_too(season: dict[str, Any]) -> None:
    empty = make_cohort(name="vide", season=7)
    found = call_as(
        season["admin"], "challenge_application_statistics", cohort=empty["id"]
    )
    assert (found["count"], found["days"], found["questions"]) == (0, [], [])


def test_as_many_statements_whatever_is_asked(season: dict[str, Any]) -> None:
    def sent(*keys: str) -> int:
        asked = [one for one in QUESTIONS if one["key"] in keys]
        call_as(
            season["admin"],
            "challenge_cohort_patch",
            id=season["cohort"],
            questions=asked,
            drop_answered=True,
        )
        with sent_statements() as statements:
            call_as(
                season["admin"],
                "challenge_application_statistics",
                cohort=season["cohort"],
            )
        return len(statements)

    assert sent("pret") == sent("pret", "themes", "heures")

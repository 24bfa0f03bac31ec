"""What stands behind a badge is the weakest word of those it needs."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.challenge import programmes
from ckanext.challenge.domain import assurance
from ckanext.challenge.domain.programme import Programme

SAISON = "ckanext.challenge:programmes/saison.yaml"
DECLARED = frozenset({"kits_chosen"})
MEASURED = {"measure": "datasets_public", "value": 3, "target": 1, "datasets": []}


def _step(key: str, **more: Any) -> dict[str, Any]:
    return {"step": key, "value": 1, "target": 1, "datasets": [], **more}


@pytest.fixture(scope="module")
def programme() -> Programme:
    return programmes.load(SAISON)


@pytest.mark.parametrize(
    ("met", "word"),
    [
        ([MEASURED], "verified"),
        ([_step("premier-jeu")], "verified"),
        ([_step("deliberation")], "confirmed"),
        ([_step("elu-referent")], "declared"),
        ([MEASURED, _step("deliberation")], "confirmed"),
        ([MEASURED, _step("deliberation"), _step("elu-referent")], "declared"),
        # What somebody ticked is measured, and still their own word.
        ([MEASURED, _step("choix-kits")], "declared"),
        ([{**MEASURED, "measure": "kits_chosen"}], "declared"),
        # What was not asked weakens nothing, and proves nothing.
        ([MEASURED, _step("elu-referent", waived=True)], "verified"),
        ([_step("elu-referent", waived=True)], None),
        # What was stored on the day it was given, whatever the programme says since.
        ([_step("elu-referent", assurance="confirmed")], "confirmed"),
        ([{**MEASURED, "assurance": "declared"}], "declared"),
        # Given by hand: the word of the team.
        ([], "confirmed"),
        # Of a step that no programme has any more nobody knows who looked at it.
        ([_step("disparue")], "declared"),
    ],
)
def test_an_award_is_worth_its_weakest_word(
    programme: Programme, met: list[dict[str, Any]], word: str | None
) -> None:
    assert assurance.of_award(programme, met, DECLARED) == word


def test_what_the_team_ticked_is_confirmed(programme: Programme) -> None:
    part = _step("elu-referent")
    assert assurance.of_part(programme, part, DECLARED) == "declared"
    by_team = {"elu-referent"}
    assert assurance.of_part(programme, part, DECLARED, by_team) == "confirmed"


def test_without_its_programme_a_step_is_only_declared() -> None:
    assert assurance.of_award(None, [_step("deliberation")], DECLARED) == "declared"
    assert assurance.of_award(None, [MEASURED], DECLARED) == "verified"


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, False), ("", False), (" - ", False), (".", False), ("Mme Li", True)],
)
def test_an_answer_names_something(text: str | None, says: bool) -> None:
    assert assurance.says_something(text) is says

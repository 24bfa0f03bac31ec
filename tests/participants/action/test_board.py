"""The participants' board: rows, cells, totals and what there is to choose from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, day, make_cohort, only_message
from helpers.board import Board
from helpers.snapshots import MadeOnce

from benchmarks.statements import sent_statements
from ckanext.challenge import programmes
from ckanext.challenge.model import Award, Participant, StepStatus
from ckanext.challenge.model.base import utcnow


@pytest.fixture
def board(made_once: MadeOnce) -> Board:
    return made_once("board", Board)


def _steps() -> list[str]:
    """The keys of the steps of the season's programme, in its order."""
    return [step.key for step in programmes.get("saison").steps]


def _shown(
    board: Board, /, by: dict[str, Any] | None = None, **asked: Any
) -> dict[str, Any]:
    return call_as(
        by or board.manager,
        "challenge_participant_board",
        cohort=board.cohort["name"],
        **asked,
    )


def _states(board: Board, letter: str, **states: str) -> None:
    for step, state in states.items():
        model.Session.query(StepStatus).filter_by(
            participant_id=board.ids[letter], step=step.replace("_", "-")
        ).update({"state": state})
    model.Session.commit()


def test_a_row_says_all_that_the_team_looks_at(board: Board) -> None:
    board.set("a", adviser_id=board.adviser["id"], departement="45")
    board.visit("a", day(-3), 1.5)
    board.visit("a", day(4), 0.5)
    model.Session.add(
        Award(
            badge="engagee",
            programme="saison",
            programme_version=1,
            organization_id=board.organizations["a"]["id"],
            cohort_id=board.cohort["id"],
            source="catalog",
        )
    )
    _states(board, "a", deliberation="to_confirm", inventaire="done")
    shown = _shown(board)
    assert board.letters(row["id"] for row in shown["results"]) == "abcde"
    row = shown["results"][0]
    assert (row["organization_title"], row["departement"]) == ("Commune A", "45")
    assert (row["adviser"], row["badges"]) == ("Camille Roux", 1)
    assert (row["days_spent"], row["days_planned"], row["days_left"]) == (1.5, 0.5, 10)
    assert (row["last_visit"], row["next_visit"]) == (
        day(-3).isoformat(),
        day(4).isoformat(),
    )
    assert [cell["step"] for cell in row["steps"]] == _steps()
    cells = {cell["step"]: cell for cell in row["steps"]}
    assert cells["deliberation"] == {
        "step": "deliberation",
        "state": "to_confirm",
        "late": False,
    }
    assert cells["elu-referent"]["late"] is True
    assert [step["step"] for step in shown["steps"]] == _steps()
    assert shown["season"]["name"] == "saison-2"


def test_totals_are_those_of_all_that_are_chosen(board: Board) -> None:
    """Whatever the page shows: the figures of a filter are those of its rows."""
    for letter, state in zip(
        "abcd", ("done", "waived", "to_confirm", "todo"), strict=True
    ):
        _states(board, letter, elu_referent=state)
    # A newer programme asks it of one that has no row of it.
    model.Session.query(StepStatus).filter_by(
        participant_id=board.ids["e"], step="elu-referent"
    ).delete()
    board.set("d", adviser_id=board.adviser["id"])
    long_ago = utcnow() - dt.timedelta(days=400)
    board.set("b", joined_at=long_ago, last_activity_at=None)
    shown = _shown(board, limit=2)
    assert (shown["count"], len(shown["results"])) == (5, 2)
    totals = shown["totals"]
    assert totals["steps"]["elu-referent"] == {
        "done": 1,
        "waived": 1,
        "to_confirm": 1,
        "late": 2,
    }
    assert (totals["stalled"], totals["unassigned"], totals["to_confirm"]) == (1, 4, 1)
    for filters in (
        {},
        {"late": "elu-referent"},
        {"adviser": "none", "stalled": "false"},
        {"q": "nobody"},
    ):
        shown = _shown(board, filters=filters)
        rows, totals = shown["results"], shown["totals"]
        assert shown["count"] == totals["participants"] == len(rows)
        assert totals["stalled"] == sum(row["stalled"] for row in rows)
        assert totals["late"] == sum(row["late_steps"] > 0 for row in rows)
        assert totals["unassigned"] == sum(row["adviser_id"] is None for row in rows)
        for at, step in enumerate(_steps()):
            cells = [row["steps"][at] for row in rows]
            counted = totals["steps"][step]
            assert counted["late"] == sum(cell["late"] for cell in cells), step
            for state in ("done", "waived", "to_confirm"):
                assert counted[state] == sum(c["state"] == state for c in cells)


def test_it_is_sorted_and_paged(board: Board) -> None:
    for at, letter in enumerate("cabed"):
        board.set(
            letter,
            percent=10 * at,
            late_steps=at % 3,
            last_activity_at=utcnow() - dt.timedelta(days=at),
        )

    def order(**asked: Any) -> str:
        return board.letters(row["id"] for row in _shown(board, **asked)["results"])

    assert order(sort="progress") == "debac"
    assert order(sort="progress", order="asc") == "cabed"
    assert order(sort="activity") == "debac"
    assert order(sort="late") == "badce"
    assert order(sort="name", order="desc") == "edcba"
    assert order(limit=2, offset=2) == "cd"
    assert _shown(board, limit=0)["count"] == 5
    assert _shown(board, offset=50)["results"] == []


def test_what_there_is_to_choose_from_does_not_depend_on_what_is_chosen(
    board: Board,
) -> None:
    board.set("a", kind="commune", departement="45")
    board.set("b", kind="cc", departement="36")
    offered = _shown(board, filters={"departement": "45"})["offered"]
    assert offered["departement"] == ["36", "45"]
    assert offered["kind"] == ["cc", "commune"]
    # The other one has a name that nobody chose, so that either may be the first.
    assert {"id": board.adviser["id"], "name": "Camille Roux"} in offered["advisers"]
    assert offered["phase"][0]["key"] == "mobiliser"
    # One that needs no season is no badge of it.
    assert "donnees-fraiches" not in [badge["key"] for badge in offered["badge"]]


def test_an_adviser_knows_the_visits_of_the_own_ones_alone(board: Board) -> None:
    board.visit("a", day(-1))
    board.visit("b", day(-1))
    board.set("a", adviser_id=board.adviser["id"])
    first, second = _shown(board, by=board.adviser)["results"][:2]
    assert (first["followed"], first["days_spent"]) == (True, 1)
    assert second["followed"] is False
    assert not {"days_spent", "days_left", "last_visit", "next_visit"} & set(second)
    for nobody in (None, board.editor, factories.User()):
        with pytest.raises(tk.NotAuthorized):
            call_as(nobody, "challenge_participant_board", cohort="saison-2")


def test_of_a_season_that_is_over_nobody_is_late(board: Board) -> None:
    board.set("a", late_steps=3)
    call_as(
        board.admin,
        "challenge_cohort_transition",
        id=board.cohort["id"],
        to="finished",
    )
    shown = _shown(board)
    assert shown["totals"]["late"] == shown["totals"]["stalled"] == 0
    assert not any(cell["late"] for row in shown["results"] for cell in row["steps"])


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"filters": {"kind": "empire"}}, "kind"),
        ({"filters": {"nothing": "x"}}, "nothing"),
        ({"filters": "no JSON"}, "filters"),
        ({"filters": ["late"]}, "filters"),
        ({"sort": "size"}, "sort"),
        ({"order": "up"}, "order"),
        ({"limit": 5000}, "limit"),
    ],
)
def test_what_is_wrong_is_named(board: Board, asked: Any, field: str) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _shown(board, **asked)
    assert only_message(caught, field)
    assert _shown(board, filters='{"q": "Commune B"}')["count"] == 1


def test_a_season_without_participants_has_a_board(board: Board) -> None:
    make_cohort("draft", name="vide", season=9)
    shown = call_as(board.admin, "challenge_participant_board", cohort="vide")
    assert (shown["count"], shown["results"]) == (0, [])
    assert shown["totals"]["percent"] == 0
    with pytest.raises(tk.ObjectNotFound):
        call_as(board.manager, "challenge_participant_board", cohort="vide")


def test_a_board_costs_the_same_for_five_and_for_many(board: Board) -> None:
    def cost() -> int:
        model.Session.commit()
        with sent_statements() as sent:
            _shown(board, filters={"late": "elu-referent"})
            return len(sent)

    before = cost()
    for number in range(10):
        organization = factories.Organization(name=f"autre-{number}")
        call_as(
            board.admin,
            "challenge_participant_create",
            cohort=board.cohort["id"],
            organization=organization["id"],
        )
    assert model.Session.query(Participant).count() == 15
    assert cost() == before
    assert before < 18

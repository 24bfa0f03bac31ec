"""Which participants a list, an export or a message means."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from ckan.types import Context
from factories import call_as, day, only_message
from helpers.board import Board
from helpers.snapshots import MadeOnce

from ckanext.challenge import programmes
from ckanext.challenge.model import Award, Cohort, StepStatus
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.participants import filters


@pytest.fixture
def board(made_once: MadeOnce) -> Board:
    return made_once("board", Board)


def _chosen(board: Board, /, user: dict[str, Any] | None = None, **asked: Any) -> str:
    """The letters of those who are chosen."""
    context: Context = {"user": (user or board.manager)["name"], "ignore_auth": False}
    cohort = Cohort.get(board.cohort["id"])
    assert cohort is not None
    ids = model.Session.execute(filters.chosen(context, cohort, asked)).scalars()
    return "".join(sorted(board.letters(ids)))


def test_without_a_filter_all_who_take_part_are_meant(board: Board) -> None:
    assert _chosen(board) == "abcde"
    assert _chosen(board, q="", phase=None, kind="") == "abcde"
    board.set("a", state="completed")
    board.set("b", state="withdrawn")
    assert _chosen(board) == "acde"
    assert _chosen(board, state="withdrawn") == "b"
    group = model.Group.get("commune-c")
    assert group is not None
    group.state = "deleted"
    model.Session.commit()
    assert _chosen(board) == "ade"


def test_each_filter_chooses_and_all_must_hold(board: Board) -> None:
    board.set("a", kind="cc", departement="45", current_phase="engager")
    board.set("b", kind="commune", departement="45")
    assert _chosen(board, kind="cc") == "a"
    assert _chosen(board, departement="45") == "ab"
    assert _chosen(board, departement="45", kind="commune") == "b"
    assert _chosen(board, phase="engager") == "a"
    assert _chosen(board, q="commune a") == "a"
    assert _chosen(board, q="214 500 241") == "a"
    # Nobody is an answer, and no error.
    assert _chosen(board, departement="18") == ""
    assert _chosen(board, q="%") == ""


def test_an_adviser_and_nobody(board: Board) -> None:
    board.set("a", adviser_id=board.adviser["id"])
    assert _chosen(board, adviser=board.adviser["name"]) == "a"
    assert _chosen(board, adviser=board.adviser["id"]) == "a"
    assert _chosen(board, adviser="none") == "bcde"
    for somebody in (factories.User()["name"], "nobody-at-all"):
        with pytest.raises(tk.ValidationError) as caught:
            _chosen(board, adviser=somebody)
        assert only_message(caught, "adviser")


def test_late_is_what_the_matrix_says(board: Board) -> None:
    ids = {id_: letter for letter, id_ in board.ids.items()}
    states = ("done", "waived", "to_confirm", "planned", "todo")
    steps = [step.key for step in programmes.get("saison").steps]
    for letter, state in zip("abcde", states, strict=True):
        model.Session.query(StepStatus).filter_by(
            participant_id=board.ids[letter]
        ).update({"state": state})
    # One that the programme came to ask later has no row yet.
    model.Session.query(StepStatus).filter_by(
        participant_id=board.ids["e"], step=steps[0]
    ).delete()
    model.Session.commit()
    shown = call_as(board.manager, "challenge_step_list", cohort=board.cohort["id"])
    someone = ""
    for step in steps:
        late = sorted(
            ids[id_]
            for id_, mine in shown["results"].items()
            if mine.get(step, {"late": False})["late"]
        )
        if step == steps[0] and late:
            late.append("e")
        assert _chosen(board, late=step) == "".join(late)
        someone += _chosen(board, late=step)
    assert set(someone) == {"d", "e"}
    board.set("b", late_steps=2)
    board.set("c", late_steps=0)
    assert "b" in _chosen(board, late="any")
    assert "c" not in _chosen(board, late="any")
    cohort = Cohort.get(board.cohort["id"])
    assert cohort is not None
    cohort.state = "finished"
    model.Session.commit()
    assert _chosen(board, late="any") == _chosen(board, late=steps[0]) == ""


def test_stalled_are_those_of_whom_nothing_was_heard(board: Board) -> None:
    long_ago = utcnow() - dt.timedelta(days=400)
    board.set("a", last_activity_at=long_ago)
    board.set("b", last_activity_at=None, joined_at=long_ago)
    board.set("c", last_activity_at=utcnow(), joined_at=utcnow())
    board.set("d", last_activity_at=long_ago, state="completed")
    assert _chosen(board, stalled="true") == "ab"
    assert _chosen(board, stalled="false") == "cde"
    listed = call_as(
        board.manager, "challenge_accompaniment_list", cohort=board.cohort["id"]
    )
    assert listed["figures"]["stalled"] == 2


def test_a_badge_is_held_in_this_season(board: Board) -> None:
    for letter, state, cohort_id in (
        ("a", "active", board.cohort["id"]),
        ("b", "at_risk", board.cohort["id"]),
        ("c", "revoked", board.cohort["id"]),
        ("d", "active", None),
    ):
        model.Session.add(
            Award(
                badge="engagee",
                programme="saison",
                programme_version=1,
                organization_id=board.organizations[letter]["id"],
                cohort_id=cohort_id,
                source="catalog",
                state=state,
            )
        )
    model.Session.commit()
    assert _chosen(board, badge="engagee") == "ab"


def test_no_visit_counts_days_that_were(board: Board) -> None:
    board.visit("a", day(-40))
    board.visit("b", day(-29))
    board.visit("c", day())
    board.visit("d", day(3))
    board.visit("d", day(-30))
    assert _chosen(board, no_visit="30") == "ade"
    assert _chosen(board, no_visit=60) == "e"
    # Of others an adviser does not know it.
    board.set("a", adviser_id=board.adviser["id"])
    board.set("b", adviser_id=board.adviser["id"])
    assert _chosen(board, board.adviser, no_visit=30) == "a"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phase", "nowhere"),
        ("late", "nothing"),
        ("badge", "none"),
        ("kind", "empire"),
        ("state", "gone"),
        ("stalled", "maybe"),
        ("no_visit", "0"),
        ("no_visit", "-3"),
        ("no_visit", "soon"),
        ("q", "x" * 300),
        ("q", ["a"]),
        ("phase", {"a": 1}),
        ("departement", "1234"),
        # A slip of the pen would choose everybody.
        ("departements", "45"),
        ("id", "a"),
    ],
)
def test_a_wrong_filter_is_named(board: Board, name: str, value: Any) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _chosen(board, **{name: value})
    assert list(caught.value.error_dict) == [name]

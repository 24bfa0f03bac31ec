"""Views of a board that somebody keeps, for themselves or for the team."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from factories import call_as, make_staff, only_message
from helpers.board import Board
from helpers.snapshots import MadeOnce

from ckanext.challenge.model import JournalEntry, SavedView
from ckanext.challenge.participants.action import saved_view

QUERY = {"late": "any", "view": "list", "columns": "done,adviser", "sort": "late"}


@pytest.fixture
def board(made_once: MadeOnce) -> Board:
    return made_once("board", Board)


def _keep(
    board: Board, /, by: dict[str, Any] | None = None, **said: Any
) -> dict[str, Any]:
    data = {"cohort": "saison-2", "title": "En retard", "query": QUERY, **said}
    return call_as(by or board.manager, "challenge_saved_view_create", **data)


def _titles(board: Board, by: dict[str, Any]) -> list[tuple[str, bool]]:
    found = call_as(by, "challenge_saved_view_list", cohort="saison-2")
    assert found["count"] == len(found["results"])
    return [(row["title"], row["own"]) for row in found["results"]]


def test_a_view_is_kept_and_given_back(board: Board) -> None:
    kept = _keep(board)
    assert (kept["query"], kept["shared"], kept["own"]) == (QUERY, False, True)
    # The same title again is the same view.
    again = _keep(board, query={"stalled": "true", "q": "", "kind": None})
    assert (again["id"], again["query"]) == (kept["id"], {"stalled": "true"})
    assert model.Session.query(SavedView).count() == 1
    entry = model.Session.query(JournalEntry).filter_by(action="save_view").first()
    assert entry is not None and entry.data == {"view_id": kept["id"]}
    call_as(board.manager, "challenge_saved_view_delete", id=kept["id"])
    assert _titles(board, board.manager) == []


def test_the_team_uses_what_is_shared(board: Board) -> None:
    _keep(board, title="À moi")
    shared = _keep(board, title="Élections", shared=True)
    assert _titles(board, board.manager) == [("À moi", True), ("Élections", True)]
    assert _titles(board, board.adviser) == [("Élections", False)]
    with pytest.raises(tk.NotAuthorized):
        call_as(board.adviser, "challenge_saved_view_delete", id=shared["id"])
    own = _keep(board, by=board.adviser, title="Mes communes")
    other = make_staff(board.cohort)
    with pytest.raises(tk.NotAuthorized):
        call_as(other, "challenge_saved_view_delete", id=own["id"])
    call_as(other, "challenge_saved_view_delete", id=shared["id"])
    with pytest.raises(tk.NotAuthorized):
        _keep(board, by=board.editor)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 61}, "title"),
        ({"query": "no JSON"}, "query"),
        ({"query": {"kind": "empire"}}, "kind"),
        ({"query": {"nothing": "x"}}, "nothing"),
        ({"query": {"sort": "size"}}, "sort"),
        ({"query": {"view": ["list"]}}, "view"),
        ({"query": {"columns": "x" * 301}}, "columns"),
    ],
)
def test_what_is_wrong_is_named(board: Board, said: Any, field: str) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _keep(board, **said)
    assert only_message(caught, field)


def test_one_person_keeps_so_many(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_view, "MOST", 2)
    for title in "ab":
        _keep(board, title=title)
    _keep(board, title="a")
    with pytest.raises(tk.ValidationError) as caught:
        _keep(board, title="c")
    assert "2" in only_message(caught, "title")
    _keep(board, by=board.adviser, title="c")

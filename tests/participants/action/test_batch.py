"""The same for many participants: a result for each, and nothing done twice."""

from __future__ import annotations

import threading
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, day, only_message
from helpers.board import Board
from helpers.snapshots import MadeOnce

from ckanext.challenge.model import (
    Award,
    JournalEntry,
    Mail,
    ParticipantMessage,
    StepStatus,
)
from ckanext.challenge.participants import batch

STEP = "elu-referent"


@pytest.fixture
def board(made_once: MadeOnce) -> Board:
    return made_once("board", Board)


def _do(
    board: Board,
    letters: str,
    do: str,
    /,
    by: dict[str, Any] | None = None,
    **said: Any,
) -> dict[str, Any]:
    return call_as(
        by or board.manager,
        "challenge_participant_batch",
        participants=board.of(letters),
        do=do,
        **said,
    )


def _stored(*tables: Any) -> list[int]:
    model.Session.rollback()
    return [model.Session.query(table).count() for table in tables]


def _outcome(answer: dict[str, Any]) -> tuple[int, int, int]:
    return answer["done"], answer["unchanged"], answer["failed"]


WRITTEN = (JournalEntry, Mail, ParticipantMessage, Award)
SAID: dict[str, dict[str, Any]] = {
    "waive": {"step": STEP, "reason": "Désignée avant la saison."},
    "badge": {"badge": "engagee", "reason": "Un an d'avance."},
    "message": {"text": "Bonjour à toutes et à tous."},
    "invite": {},
}


@pytest.mark.parametrize("do", ["assign", *SAID])
def test_the_same_batch_twice_is_harmless(board: Board, do: str) -> None:
    said = SAID.get(do, {"adviser": board.adviser["name"]})
    invited = ["invitee@example.org"] if do == "invite" else []
    for letter in "abc" if invited else "":
        call_as(
            board.admin,
            "challenge_member_invite",
            organization=board.organizations[letter]["id"],
            email=f"{letter}@example.org",
            role="editor",
        )
    if invited:
        # They were invited long ago.
        model.Session.query(Mail).update({"created_at": day(-9)})
        model.Session.commit()
    who = board.admin if do == "invite" else board.manager
    before = _stored(*WRITTEN)
    tried = _do(board, "abc", do, by=who, dry_run=True, **said)
    assert _outcome(tried) == (3, 0, 0)
    assert _stored(*WRITTEN) == before, "a dry run leaves nothing"
    answer = _do(board, "abc", do, by=who, **said)
    assert _outcome(answer) == (3, 0, 0)
    assert board.letters(row["id"] for row in answer["results"]) == "abc"
    assert answer["results"][0]["organization_title"] == "Commune A"
    after = _stored(*WRITTEN)
    assert after != before
    again = _do(board, "abc", do, by=who, **said)
    assert _outcome(again) == (0, 3, 0)
    assert all(row["ok"] and row["text"] for row in again["results"])
    assert _stored(*WRITTEN) == after


def test_each_is_done_for_itself(board: Board) -> None:
    """One that left meanwhile, one that is gone, one that has done it already."""
    board.set("b", state="withdrawn")
    model.Session.query(StepStatus).filter_by(
        participant_id=board.ids["c"], step=STEP
    ).update({"state": "done"})
    model.Session.commit()
    answer = call_as(
        board.manager,
        "challenge_participant_batch",
        participants=[*board.of("abc"), "nowhere", board.ids["a"], board.ids["d"]],
        do="waive",
        **SAID["waive"],
    )
    assert (answer["count"], *_outcome(answer)) == (5, 2, 0, 3)
    a, b, c, nowhere, d = answer["results"]
    assert (a["ok"], d["ok"]) == (True, True)
    assert b["errors"] == {"participant": ["This collectivité has left the season"]}
    assert list(c["errors"]) == ["state"]
    assert (nowhere["id"], nowhere["organization_title"]) == ("nowhere", None)
    assert list(nowhere["errors"]) == ["id"]
    states = {
        row.participant_id: row.state
        for row in model.Session.query(StepStatus).filter_by(step=STEP)
    }
    assert [states[id_] for id_ in board.of("abcd")] == [
        "waived",
        "todo",
        "done",
        "waived",
    ]
    assert board.row("a").steps_total == board.row("b").steps_total - 1


def test_nobody_accompanies_them_any_more(board: Board) -> None:
    _do(board, "ab", "assign", adviser=board.adviser["id"])
    assert board.row("b").adviser_id == board.adviser["id"]
    assert _outcome(_do(board, "abc", "assign")) == (2, 1, 0)
    assert board.row("b").adviser_id is None
    wrong = _do(board, "ab", "assign", adviser=factories.User()["name"])
    assert _outcome(wrong) == (0, 0, 2)
    assert list(wrong["results"][0]["errors"]) == ["adviser"]


def test_an_adviser_writes_to_the_own_ones_and_does_nothing_else(board: Board) -> None:
    _do(board, "ab", "assign", adviser=board.adviser["id"])
    answer = _do(board, "ab", "message", by=board.adviser, **SAID["message"])
    assert _outcome(answer) == (2, 0, 0)
    sent = {
        (mail.kind, mail.user_id)
        for mail in model.Session.query(Mail).filter(Mail.kind.like("participant_m%"))
    }
    assert sent == {("participant_message", board.editor["id"])}
    for letters, do in (("abc", "message"), ("a", "assign"), ("a", "invite")):
        with pytest.raises(tk.NotAuthorized):
            _do(board, letters, do, by=board.adviser, text="x")
    for nobody in (None, board.editor, factories.User()):
        with pytest.raises(tk.NotAuthorized):
            call_as(
                nobody,
                "challenge_participant_batch",
                participants=board.of("a"),
                do="message",
                text="x",
            )


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"do": "waive", "step": STEP}, "reason"),
        ({"do": "extend", "step": STEP, "reason": "x"}, "due"),
        ({"do": "extend", "step": STEP, "reason": "x", "due": "31/02/2026"}, "due"),
        ({"do": "badge", "reason": "x"}, "badge"),
        ({"do": "message", "text": "  "}, "text"),
        ({"do": "delete"}, "do"),
        ({}, "do"),
        ({"do": "invite", "participants": "x" * 5000}, "participants"),
        ({"do": "invite", "participants": ["x"] * 501}, "participants"),
        ({"do": "invite", "participants": None}, "participants"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_done(
    board: Board, said: dict[str, Any], field: str
) -> None:
    data = {"participants": board.of("ab"), **said}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(board.manager, "challenge_participant_batch", **data)
    assert only_message(caught, field)


def test_an_unknown_step_or_badge_is_told_of_each(board: Board) -> None:
    answer = _do(board, "ab", "waive", step="nothing", reason="x")
    assert [list(row["errors"]) for row in answer["results"]] == [["step"], ["step"]]
    answer = _do(board, "ab", "badge", badge="nothing", reason="x")
    assert [list(row["errors"]) for row in answer["results"]] == [["badge"], ["badge"]]


def test_a_later_day_is_given_to_each(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, Any]] = []
    get_action = tk.get_action

    def listed(context: Any, data: Any) -> Any:
        return {
            "results": [
                {"step": one["step"], "due": one["due"]}
                for one in given
                if one["participants"] == [data["participant"]]
            ]
        }

    def create(context: Any, data: Any) -> Any:
        assert context["defer_commit"] and context["user"] == board.manager["name"]
        given.append(data)

    stubs = {"challenge_extension_list": listed, "challenge_extension_create": create}
    monkeypatch.setattr(
        tk, "get_action", lambda name: stubs.get(name) or get_action(name)
    )
    said: dict[str, Any] = {
        "step": STEP,
        "due": day(30).isoformat(),
        "reason": "Élections.",
    }
    assert _outcome(_do(board, "ab", "extend", **said)) == (2, 0, 0)
    assert [one["participants"] for one in given] == [[id_] for id_ in board.of("ab")]
    assert given[0]["due"] == said["due"]
    assert _outcome(_do(board, "abc", "extend", **said)) == (1, 2, 0)


def test_who_may_not_invite_is_told_of_each(board: Board) -> None:
    """Organizations that were there before have admins who invite, and no manager."""
    call_as(
        board.admin,
        "challenge_member_invite",
        organization=board.organizations["a"]["id"],
        email="invitee@example.org",
        role="editor",
    )
    model.Session.query(Mail).update({"created_at": day(-9)})
    model.Session.commit()
    for dry_run in (True, False):
        answer = _do(board, "ab", "invite", dry_run=dry_run)
        assert _outcome(answer) == (0, 1, 1)
        a, b = answer["results"]
        assert a["errors"]["id"][0] and not a["ok"]
        assert b["ok"] and b["text"].startswith("Nobody to invite again")


def test_what_breaks_on_one_leaves_the_others(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    assign = batch._DEEDS["assign"]

    def breaking(one: Any) -> Any:
        if one.participant.id == board.ids["b"]:
            raise RuntimeError("Disque plein")
        return assign(one)

    monkeypatch.setitem(batch._DEEDS, "assign", breaking)
    answer = _do(board, "abc", "assign", adviser=board.adviser["id"])
    assert _outcome(answer) == (2, 0, 1)
    assert "Disque" not in str(answer)
    assert [board.row(letter).adviser_id is None for letter in "abc"] == [
        False,
        True,
        False,
    ]


def test_two_who_send_the_same_batch_write_once(board: Board) -> None:
    answers: list[tuple[int, int, int]] = []

    def send() -> None:
        try:
            answers.append(_outcome(_do(board, "abcde", "message", text="Bonjour")))
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _stored(ParticipantMessage) == [5]
    assert [sum(column) for column in zip(*answers, strict=True)] == [5, 5, 0]

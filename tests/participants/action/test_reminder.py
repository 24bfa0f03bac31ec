"""The next reminder is shown, leaves people alone after other news, and can pause."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from factories import call_as, day, only_message
from helpers.board import Board
from helpers.progress_fixtures import sent_statements
from helpers.snapshots import MadeOnce

from ckanext.challenge.model import JournalEntry, Mail, Participant, ReminderPause
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.participants import reminders


@pytest.fixture
def board(made_once: MadeOnce) -> Board:
    return made_once("board", Board)


def _show(board: Board, letter: str = "a", user: Any = None) -> dict[str, Any]:
    return call_as(
        user or board.manager, "challenge_reminder_show", participant=board.ids[letter]
    )


def _reminded(board: Board) -> set[str]:
    """Whom the command would remind today."""
    model.Session.expire_all()
    return {one.participant_id for one in reminders.candidates(None, 7)}


def _pause(board: Board, user: Any = None, **fields: Any) -> dict[str, Any]:
    return call_as(
        user or board.manager,
        "challenge_reminder_pause",
        participant=board.ids["a"],
        **{"reason": "La secrétaire est absente.", **fields},
    )


def test_what_is_shown_is_what_comes(board: Board) -> None:
    shown = _show(board)
    assert shown["next"] == day().isoformat()
    assert shown["late"]
    assert shown["paused"] is None
    assert board.ids["a"] in _reminded(board)
    board.set("a", reminded_at=utcnow() - dt.timedelta(days=4))
    assert _show(board)["next"] == day(10).isoformat()
    assert board.ids["a"] not in _reminded(board)
    # Its members see it, too.
    assert _show(board, user=board.editor)["next"] == day(10).isoformat()


def test_none_comes_soon_after_other_news(board: Board) -> None:
    call_as(
        board.manager,
        "challenge_participant_message_create",
        participant=board.ids["a"],
        text="Où en êtes-vous ?",
    )
    assert _show(board)["next"] == day(7).isoformat()
    assert _reminded(board) == set(board.of("bcde"))
    found = {
        row["participant"]: row["next"]
        for row in call_as(
            board.manager, "challenge_reminder_list", cohort=board.cohort["id"]
        )["results"]
    }
    assert found[board.ids["a"]] == day(7).isoformat()
    model.Session.query(Mail).update({"created_at": utcnow() - dt.timedelta(days=7)})
    model.Session.commit()
    assert board.ids["a"] in _reminded(board)


@pytest.mark.parametrize("late", ["participant_id", "organization_id"])
def test_the_latest_news_counts_whatever_it_is_about(board: Board, late: str) -> None:
    about = {
        "participant_id": board.ids["a"],
        "organization_id": board.row("a").organization_id,
    }
    for name, id_ in about.items():
        model.Session.add(
            Mail(
                kind="participant_message"
                if name == "participant_id"
                else "award_earned",
                state="sent",
                cohort_id=board.cohort["id"],
                data={name: id_},
                created_at=utcnow() - dt.timedelta(days=1 if name == late else 6),
            )
        )
    model.Session.commit()
    assert _show(board)["next"] == day(6).isoformat()
    assert board.ids["a"] not in _reminded(board)


def test_a_message_to_many_is_news(board: Board) -> None:
    campaign = call_as(
        board.manager,
        "challenge_campaign_create",
        cohort=board.cohort["id"],
        to="participants",
        subject="x",
        text="Bonjour",
    )
    call_as(board.manager, "challenge_campaign_send", id=campaign["id"], recipients=5)
    # The others have nobody whom it could be told by mail.
    assert board.ids["a"] not in _reminded(board)


def test_a_pause_holds_until_its_day_or_its_end(board: Board) -> None:
    paused = _pause(board)
    assert paused["next"] is None
    assert paused["paused"]["reason"] == "La secrétaire est absente."
    assert paused["paused"]["by"] == board.manager["display_name"]
    assert board.ids["a"] not in _reminded(board)
    candidate = reminders.Candidate(
        board.ids["a"], "saison-2", "x", reminders.reminders.Reminder((), ())
    )
    # Paused while the command runs.
    assert reminders.remind([candidate], 7).participants == 0
    paused = _pause(board, until=day(3).isoformat(), reason="Congés")
    assert paused["next"] == day(4).isoformat()
    assert model.Session.query(ReminderPause).count() == 1
    members = _show(board, user=board.editor)["paused"]
    assert members["until"] == day(3).isoformat()
    assert "reason" not in members
    assert "by" not in members
    for _ in range(2):
        resumed = call_as(
            board.manager, "challenge_reminder_resume", participant=board.ids["a"]
        )
        assert (resumed["paused"], resumed["next"]) == (None, day().isoformat())
    assert board.ids["a"] in _reminded(board)
    said = [
        entry.data
        for entry in model.Session.query(JournalEntry).filter_by(
            action="pause_reminders"
        )
    ]
    assert len(said) == 2
    assert "Congés" not in str(said)


def test_a_pause_ends_by_itself(board: Board) -> None:
    _pause(board, until=day().isoformat())
    model.Session.query(ReminderPause).update({"until": day(-1)})
    model.Session.commit()
    assert _show(board)["paused"] is None
    assert board.ids["a"] in _reminded(board)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"until": "demain"}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"reason": "x" * 1001}, "reason"),
    ],
)
def test_what_is_wrong_is_told_on_its_field(
    board: Board, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _pause(board, **fields)
    only_message(caught, field)


def test_who_left_gets_no_reminder_and_no_pause(board: Board) -> None:
    board.set("a", state="withdrawn")
    assert _show(board)["next"] is None
    with pytest.raises(tk.ValidationError) as caught:
        _pause(board)
    only_message(caught, "participant")


def test_the_list_says_why_to_whom_it_concerns(board: Board) -> None:
    board.set("b", adviser_id=board.adviser["id"])
    _pause(board)
    call_as(
        board.adviser,
        "challenge_reminder_pause",
        participant=board.ids["b"],
        reason="Élections",
    )
    with pytest.raises(tk.NotAuthorized):
        _pause(board, user=board.adviser)
    listed = call_as(
        board.adviser, "challenge_reminder_list", cohort=board.cohort["id"]
    )
    assert listed["count"] == 5
    by_id = {row["participant"]: row for row in listed["results"]}
    assert by_id[board.ids["b"]]["paused"]["reason"] == "Élections"
    assert "reason" not in by_id[board.ids["a"]]["paused"]
    # Those that pause come last.
    assert [row["next"] is None for row in listed["results"]] == [
        False,
        False,
        False,
        True,
        True,
    ]
    page = call_as(
        board.manager,
        "challenge_reminder_list",
        cohort=board.cohort["id"],
        limit=1,
        offset=4,
    )
    assert (page["count"], len(page["results"])) == (5, 1)


def test_the_number_of_statements_does_not_grow(board: Board) -> None:
    def count() -> int:
        with sent_statements() as sent:
            call_as(board.manager, "challenge_reminder_list", cohort=board.cohort["id"])
        return len(sent)

    call_as(board.manager, "challenge_reminder_list", cohort=board.cohort["id"])
    many = count()
    model.Session.query(Participant).filter(
        Participant.id.in_(board.of("bcde"))
    ).update({"state": "withdrawn"})
    model.Session.commit()
    assert count() == many

"""The form at the end of a season: sent by members, read by the team, never public."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, collectivites, make_cohort, make_participant
from helpers.progress import states

from ckanext.challenge import programmes
from ckanext.challenge.model import Feedback, Visit
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.privacy import erasure

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

ANSWERS = {
    "utile": "beaucoup",
    "aide": ["kits", "liste"],
    "journees": "1,5",
    "difficile": "=1+1",
    "continuer": "true",
}


@pytest.fixture
def admin(clean_db: None) -> dict[str, Any]:
    return factories.Sysadmin()


@pytest.fixture
def member(clean_db: None) -> dict[str, Any]:
    return factories.User()


@pytest.fixture
def participant(clean_index: None, member: dict[str, Any]) -> dict[str, Any]:
    collectivites()
    return make_participant(make_cohort(), user=member)


def send(user: dict[str, Any], participant: dict[str, Any], **answers: Any) -> Any:
    return call_as(
        user,
        "challenge_feedback_update",
        participant=participant["id"],
        answers=answers,
    )


def move(admin: dict[str, Any], *states_: str) -> None:
    for state in states_:
        call_as(admin, "challenge_cohort_transition", id="saison-2", to=state)


def test_sending_it_settles_the_step(
    participant: dict[str, Any], member: dict[str, Any]
) -> None:
    empty = call_as(member, "challenge_feedback_show", participant=participant["id"])
    assert (empty["answers"], empty["sent_at"], empty["may_send"]) == ({}, None, True)
    assert [question["key"] for question in empty["questions"]][:2] == ["utile", "aide"]
    sent = send(member, participant, **ANSWERS)
    assert sent["answers"] == {**ANSWERS, "journees": 1.5, "continuer": True}
    assert states(participant["id"])["avis-final"] == "done"
    # Sent again, it replaces what was sent.
    changed = send(member, participant, utile="peu", continuer=False)
    assert changed["answers"] == {"utile": "peu", "continuer": False}
    assert changed["sent_at"] == sent["sent_at"]
    assert model.Session.query(Feedback).count() == 1
    # By hand it cannot be settled, nor unsettled.
    with pytest.raises(tk.ValidationError, match="final form"):
        call_as(
            member,
            "challenge_step_update",
            participant=participant["id"],
            step="avis-final",
            state="todo",
        )


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"continuer": True}, "answers-utile"),
        ({"utile": "jamais", "continuer": True}, "answers-utile"),
        ({"utile": "peu", "continuer": True, "journees": "deux"}, "answers-journees"),
        ({"utile": "peu", "continuer": True, "age": "3"}, "answers-age"),
        (
            {"utile": "peu", "continuer": True, "autrement": "a" * 6000},
            "answers-autrement",
        ),
    ],
)
def test_what_is_no_answer(
    participant: dict[str, Any],
    member: dict[str, Any],
    answers: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        send(member, participant, **answers)
    assert list(caught.value.error_dict) == [field]
    assert model.Session.query(Feedback).count() == 0
    assert states(participant["id"])["avis-final"] == "todo"


def test_after_the_end_it_is_still_heard_and_moves_nothing(
    participant: dict[str, Any], member: dict[str, Any], admin: dict[str, Any]
) -> None:
    move(admin, "running", "finished")
    send(member, participant, **ANSWERS)
    assert states(participant["id"])["avis-final"] == "todo"
    move(admin, "archived")
    with pytest.raises(tk.ValidationError):
        send(member, participant, **ANSWERS)
    shown = call_as(member, "challenge_feedback_show", participant=participant["id"])
    assert (shown["answers"]["utile"], shown["may_send"]) == ("beaucoup", False)


def test_the_team_reads_it_counted_and_as_a_file(
    participant: dict[str, Any], member: dict[str, Any], admin: dict[str, Any]
) -> None:
    send(member, participant, **ANSWERS)
    found = call_as(admin, "challenge_feedback_list", cohort="saison-2")
    assert (found["count"], found["participants"]) == (1, 1)
    counted = {row["key"]: row for row in found["questions"]}
    assert counted["utile"]["counts"][0] == {
        "value": "beaucoup",
        "label": "Oui, beaucoup",
        "count": 1,
    }
    assert counted["journees"]["mean"] == 1.5
    assert found["results"][0]["organization_title"] == "Baule"
    assert found["results"][0]["answers"]["difficile"] == "=1+1"
    made = call_as(admin, "challenge_feedback_export", cohort="saison-2")
    (row,) = csv.DictReader(io.StringIO(made["content"]))
    assert row["organization_title"] == "Baule"
    assert row["answers-aide"] == "kits, liste"
    # No spreadsheet runs what somebody typed.
    assert row["answers-difficile"] == "'=1+1"
    sheet = call_as(
        admin, "challenge_feedback_export", cohort="saison-2", format="xlsx"
    )
    assert base64.b64decode(sheet["content"])[:2] == b"PK"


def test_a_programme_without_a_form(
    participant: dict[str, Any],
    admin: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without = replace(programmes.get("saison"), feedback=())
    monkeypatch.setattr(programmes, "of", lambda season: without)
    for action, data in (
        ("challenge_feedback_show", {"participant": participant["id"]}),
        ("challenge_feedback_list", {"cohort": "saison-2"}),
    ):
        with pytest.raises(tk.ObjectNotFound):
            call_as(admin, action, **data)


def test_its_words_go_with_the_season_and_its_figures_stay(
    admin: dict[str, Any], member: dict[str, Any], participant: dict[str, Any]
) -> None:
    send(member, participant, **ANSWERS, autrement="Madame Martin ne répond jamais.")
    call_as(
        admin,
        "challenge_visit_create",
        participant=participant["id"],
        date="2026-01-15",
        days=1,
        topic="Rencontre de Madame Martin",
        notes="Elle part en mai.",
    )
    move(admin, "running", "finished", "archived")
    (day,) = model.Session.query(Feedback.updated_at).one()
    erasure.purge([], utcnow() + dt.timedelta(days=370))
    (sent,) = model.Session.query(Feedback)
    assert sent.updated_at == day
    assert sent.answers == {
        "utile": "beaucoup",
        "aide": ["kits", "liste"],
        "journees": 1.5,
        "continuer": True,
    }
    assert sent.author_id is None
    (visit,) = model.Session.query(Visit)
    assert (visit.topic, visit.notes, visit.days) == ("", None, 1)

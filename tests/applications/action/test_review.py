"""Decisions: one by one, kept pending and published together, on a selection."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
    only_message,
    prove,
)
from sqlalchemy import event

from ckanext.challenge.applications.action import review
from ckanext.challenge.common import journal
from ckanext.challenge.model import Application, JournalEntry, Mail, Participant
from ckanext.challenge.model.base import utcnow

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

SIRENS = (BAULE, POINCONNET, *LIGNIERES)


@pytest.fixture
def admin() -> dict[str, Any]:
    collectivites()
    return factories.Sysadmin()


@pytest.fixture
def cohort(admin: dict[str, Any]) -> dict[str, Any]:
    return make_cohort()


def _review(who: Any, application: dict[str, Any], decision: str, **more: Any) -> Any:
    return call_as(
        who,
        "challenge_application_review",
        id=application["id"],
        decision=decision,
        **more,
    )


def _row(application: dict[str, Any]) -> Application:
    found = Application.get(application["id"])
    assert found is not None
    model.Session.refresh(found)
    return found


def _mails(kind: str | None = None) -> list[str]:
    kinds = [row.kind for row in model.Session.query(Mail) if row.kind != "receipt"]
    return (
        sorted(kinds) if kind is None else [found for found in kinds if found == kind]
    )


def test_changes_are_requested_with_their_kind_and_fields(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    application = apply(cohort)
    with pytest.raises(tk.ValidationError) as caught:
        _review(admin, application, "request_changes", fields=["agents"])
    assert "reason" in caught.value.error_dict
    with pytest.raises(tk.ValidationError) as caught:
        _review(admin, application, "request_changes", reason="x", fields=["state"])
    assert "state" in only_message(caught, "fields")
    _review(
        admin,
        application,
        "request_changes",
        reason="La délibération manque.",
        kind="incomplete",
        fields=["agents", "attachments"],
    )
    row = _row(application)
    assert (row.state, row.state_reason) == (
        "changes_requested",
        "La délibération manque.",
    )
    assert (row.changes_kind, row.changes_fields) == (
        "incomplete",
        ["agents", "attachments"],
    )
    assert _mails() == ["changes_requested"]


def test_a_decision_kept_pending_changes_nothing_until_it_is_published(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    first, second, third = (apply(cohort, siren) for siren in SIRENS[:3])
    _review(admin, first, "accept", pending=True)
    _review(admin, second, "accept", pending=True)
    # The later one takes the place of the former.
    _review(admin, second, "refuse", pending=True, reason="La saison est complète.")
    _review(admin, third, "refuse", pending=True, reason="Hors région.")
    call_as(admin, "challenge_decision_drop", id=third["id"])
    assert {_row(file).state for file in (first, second, third)} == {"submitted"}
    assert _mails() == []
    # The applicant sees nothing of it.
    shown = call_as(
        None, "challenge_application_show", id=second["id"], key=second["key"]
    )
    assert "complète" not in str(shown)

    told = call_as(admin, "challenge_decisions_publish", cohort=cohort["name"])
    assert (told["count"], told["done"]) == (2, 2)
    assert [
        (row["reference"], row["decision"], row["ok"], row["state"])
        for row in told["results"]
    ] == [
        (first["reference"], "accept", True, "accepted"),
        (second["reference"], "refuse", True, "refused"),
    ]
    assert [_row(file).state for file in (first, second, third)] == [
        "accepted",
        "refused",
        "submitted",
    ]
    assert _row(second).state_reason == "La saison est complète."
    assert _row(second).decided_by == admin["id"]
    assert _mails() == ["accepted", "refused"]
    again = call_as(admin, "challenge_decisions_publish", cohort=cohort["name"])
    assert again == {"count": 0, "done": 0, "results": [], "left": []}
    assert journal.verify() == []


def test_what_may_be_kept_is_checked_now_and_again(admin: dict[str, Any]) -> None:
    cohort = make_cohort(capacity=2)
    files = [apply(cohort, siren) for siren in SIRENS]
    for decision in ("start", "reopen"):
        with pytest.raises(tk.ValidationError) as caught:
            _review(admin, files[0], decision, pending=True)
        assert "decision" in caught.value.error_dict
    _review(admin, files[0], "accept", pending=True)
    _review(admin, files[1], "accept", pending=True)
    # Keeping it once more promises no second place.
    _review(admin, files[1], "accept", pending=True)
    with pytest.raises(tk.ValidationError) as caught:
        _review(admin, files[2], "accept", pending=True)
    assert "2" in only_message(caught, "decision")
    # Meanwhile a place goes to somebody else.
    _review(admin, files[3], "accept")
    told = call_as(admin, "challenge_decisions_publish", cohort=cohort["name"])
    assert [row["ok"] for row in told["results"]] == [True, False]
    assert list(told["results"][1]["errors"]) == ["decision"]
    kept = _row(files[1]).pending_decision
    assert kept is not None
    assert kept["decision"] == "accept"


def test_a_pending_decision_goes_when_it_makes_no_sense_any_more(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    withdrawn, decided, started = (apply(cohort, siren) for siren in SIRENS[:3])
    for file in (withdrawn, decided, started):
        _review(admin, file, "waitlist", pending=True)
    call_as(
        None,
        "challenge_application_withdraw",
        id=withdrawn["id"],
        key=withdrawn["key"],
    )
    _review(admin, decided, "request_changes", reason="Un oubli.")
    _review(admin, started, "start")
    kept = [_row(file).pending_decision for file in (withdrawn, decided, started)]
    assert [found and found["decision"] for found in kept] == [None, None, "waitlist"]
    # NULL in the table too, and no JSON null, which a filter would take for one.
    assert (
        model.Session.query(Application)
        .filter(Application.pending_decision.isnot(None))  # type: ignore[union-attr]
        .count()
        == 1
    )


def test_a_batch_answers_for_each(admin: dict[str, Any]) -> None:
    cohort = make_cohort(capacity=1)
    files = [apply(cohort, siren) for siren in SIRENS[:3]]
    _review(admin, files[1], "refuse", reason="x")
    told = call_as(
        admin,
        "challenge_application_batch_review",
        ids=[*(file["id"] for file in files), "S9-9999", files[0]["id"]],
        decision="accept",
    )
    assert (told["count"], told["done"]) == (4, 1)
    assert [(row["ok"], sorted(row["errors"])) for row in told["results"]] == [
        (True, []),
        (False, ["state"]),
        (False, ["decision"]),
        (False, ["id"]),
    ]
    assert [row["state"] for row in told["results"]] == [
        "accepted",
        "refused",
        "submitted",
        None,
    ]
    assert model.Session.query(Participant).count() == 1
    assert _mails() == ["accepted", "refused"]


def test_one_that_breaks_does_not_stop_the_others(
    admin: dict[str, Any],
    cohort: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The database ends one transaction in the middle; the batch goes on."""
    files = [apply(cohort, siren) for siren in SIRENS[:3]]
    record = journal.record
    contact = "mairie@example.org"

    def break_once(actor: str, action: str, kind: str, id_: str, *data: Any) -> None:
        record(actor, action, kind, id_, *data)
        if id_ == files[1]["id"]:
            model.Session.execute(
                sa.text("SELECT 1/0 FROM challenge_application WHERE contact_email=:c"),
                {"c": contact},
            )

    monkeypatch.setattr(journal, "record", break_once)
    # A new application reads the ini file's logging, which silences older loggers.
    monkeypatch.setattr(review.log, "disabled", False)
    told = call_as(
        admin,
        "challenge_application_batch_review",
        ids=[file["id"] for file in files],
        decision="waitlist",
    )
    assert [row["ok"] for row in told["results"]] == [True, False, True]
    assert [_row(file).state for file in files] == [
        "waitlisted",
        "submitted",
        "waitlisted",
    ]
    assert "DataError" in caplog.text
    assert contact not in caplog.text
    assert journal.verify() == []


class _Killed(BaseException):
    """What stands for the end of the process: no handler may swallow it."""


def test_a_publication_that_is_killed_goes_on_where_it_was(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    """Before its second commit: what was told stays, the rest is still pending."""
    files = [apply(cohort, siren) for siren in SIRENS[:3]]
    for file in files:
        _review(admin, file, "waitlist", pending=True)
    engine = model.meta.engine

    commits = 0

    def die(connection: Any) -> None:
        nonlocal commits
        commits += 1
        if commits == 2:
            raise _Killed

    event.listen(engine, "commit", die)
    try:
        with pytest.raises(_Killed):
            call_as(admin, "challenge_decisions_publish", cohort=cohort["name"])
    finally:
        event.remove(engine, "commit", die)
    model.Session.remove()
    assert [_row(file).state for file in files] == [
        "waitlisted",
        "submitted",
        "submitted",
    ]
    told = call_as(admin, "challenge_decisions_publish", cohort=cohort["name"])
    assert (told["count"], told["done"]) == (2, 2)
    assert [_row(file).waitlist_rank for file in files] == [1, 2, 3]
    assert _mails() == ["waitlisted"] * 3
    assert journal.verify() == []


def test_a_batch_may_be_kept_pending_too(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    files = [apply(cohort, siren) for siren in SIRENS[:2]]
    told = call_as(
        admin,
        "challenge_application_batch_review",
        ids=",".join(file["reference"] for file in files),
        decision="waitlist",
        pending=True,
    )
    assert told["done"] == 2
    assert {_row(file).state for file in files} == {"submitted"}
    told = call_as(admin, "challenge_decisions_publish", cohort=cohort["name"])
    assert [_row(file).waitlist_rank for file in files] == [1, 2]


def test_a_manager_decides_in_a_batch_only_on_the_own_season(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    other = make_cohort(name="autre", season=3)
    manager = make_staff(cohort, by=admin)
    mine, theirs = apply(cohort), apply(other, POINCONNET)
    with pytest.raises(tk.NotAuthorized):
        call_as(
            manager,
            "challenge_application_batch_review",
            ids=[mine["id"], theirs["id"]],
            decision="start",
        )
    assert _row(mine).state == "submitted"


def test_a_reopened_file_is_read_again_unless_there_is_a_newer_one(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    first = apply(cohort)
    _review(admin, first, "refuse", reason="Trop tard.")
    _review(admin, first, "reopen")
    row = _row(first)
    assert (row.state, row.state_reason, row.decided_at) == ("in_review", None, None)
    _review(admin, first, "refuse", reason="Trop tard.")
    apply(cohort)
    with pytest.raises(tk.ValidationError) as caught:
        _review(admin, first, "reopen")
    assert list(caught.value.error_dict) == ["siren"]


def test_a_reader_is_a_manager_of_the_season(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    application = apply(cohort)
    reader, adviser = factories.User(), factories.User()
    for user, role in ((reader, "manager"), (adviser, "adviser")):
        make_staff(cohort, role, user, by=admin)
    for name in (adviser["name"], factories.User()["name"], "nobody"):
        with pytest.raises(tk.ValidationError) as caught:
            call_as(
                admin,
                "challenge_application_assign",
                id=application["id"],
                reviewer=name,
            )
        assert list(caught.value.error_dict) == ["reviewer"]
    call_as(
        admin,
        "challenge_application_assign",
        id=application["id"],
        reviewer=reader["name"],
    )
    assert _row(application).reviewer_id == reader["id"]
    call_as(admin, "challenge_application_assign", id=application["id"], reviewer="")
    assert _row(application).reviewer_id is None
    assert (
        model.Session.query(JournalEntry)
        .filter_by(action="assign", object_type="application")
        .count()
        == 2
    )


def test_notes_are_for_the_staff(admin: dict[str, Any], cohort: dict[str, Any]) -> None:
    application, other = apply(cohort), apply(cohort, POINCONNET)
    adviser = make_staff(cohort, "adviser", by=admin)
    for text in ("Appeler la mairie.", "Vu avec l'élu."):
        note = call_as(
            admin,
            "challenge_application_note_create",
            id=application["id"],
            text=text,
        )
    assert note["author_id"] == admin["id"]
    listed = call_as(
        admin, "challenge_application_note_list", id=application["reference"]
    )
    assert listed["count"] == 2
    assert [row["text"] for row in listed["results"]] == [
        "Vu avec l'élu.",
        "Appeler la mairie.",
    ]
    # The journal says that somebody wrote, and not what.
    entries = model.Session.query(JournalEntry).filter_by(action="note").all()
    assert len(entries) == 2
    assert "mairie" not in str([entry.data for entry in entries])
    # The adviser reads those of the own participants.
    accepted = _review(admin, application, "accept")
    with pytest.raises(tk.NotAuthorized):
        call_as(adviser, "challenge_application_note_list", id=application["id"])
    call_as(
        admin,
        "challenge_participant_assign",
        id=accepted["participant_id"],
        adviser=adviser["id"],
    )
    seen = call_as(adviser, "challenge_application_note_list", id=application["id"])
    assert seen["count"] == 2
    with pytest.raises(tk.NotAuthorized):
        call_as(adviser, "challenge_application_note_list", id=other["id"])


def test_managers_do_not_come_near_a_draft(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    manager = make_staff(cohort, by=admin)
    draft = apply(cohort, submit=False)
    for action, more in (
        ("challenge_application_assign", {}),
        ("challenge_decision_drop", {}),
        ("challenge_application_review", {"decision": "start"}),
        ("challenge_application_note_list", {}),
    ):
        with pytest.raises(tk.NotAuthorized):
            call_as(manager, action, id=draft["id"], **more)


def test_a_finished_season_answers_all_who_have_no_answer(
    admin: dict[str, Any], cohort: dict[str, Any]
) -> None:
    made = [apply(cohort, siren) for siren in SIRENS[:3]]
    _review(admin, made[0], "waitlist")
    _review(admin, made[1], "request_changes", reason="Il manque la lettre.")
    for state in ("running", "finished"):
        call_as(admin, "challenge_cohort_transition", id=cohort["id"], to=state)
    for application in made:
        shown = call_as(admin, "challenge_application_show", id=application["id"])
        assert shown["decisions"] == ["refuse"]
        with pytest.raises(tk.ValidationError) as refused:
            _review(admin, application, "waitlist")
        assert list(refused.value.error_dict) == ["decision"]
    answer = call_as(
        admin,
        "challenge_application_batch_review",
        ids=[application["id"] for application in made],
        decision="refuse",
        reason="La saison est finie.",
    )
    assert answer["done"] == 3
    assert {_row(application).state for application in made} == {"refused"}
    assert _mails("refused") == ["refused"] * 3


@pytest.mark.parametrize(
    ("first", "second"),
    [("refuse", "accept"), ("accept", "refuse"), ("waitlist", "waitlist")],
)
def test_the_second_of_two_is_told_who_decided_and_when(
    cohort: dict[str, Any], admin: dict[str, Any], first: str, second: str
) -> None:
    colleague = factories.Sysadmin(fullname="Une collègue")
    application = apply(cohort)
    _review(colleague, application, first, reason="Hors sujet.")

    def told(who: dict[str, Any], ago: dt.timedelta) -> str:
        row = _row(application)
        row.decided_at = utcnow() - ago
        model.Session.commit()
        with pytest.raises(tk.ValidationError) as caught:
            _review(who, application, second, reason="Sans doute.")
        return only_message(caught, "state")

    message = told(admin, dt.timedelta(minutes=2))
    assert message.startswith("Une collègue ")
    assert "2 minutes" in message
    # A week after, or by oneself, it is no coincidence.
    assert "Une collègue" not in told(admin, dt.timedelta(days=7))
    assert "Une collègue" not in told(colleague, dt.timedelta(minutes=2))


@pytest.mark.parametrize("by", ["account", "address", "proved address"])
@pytest.mark.parametrize("pending", [False, True])
def test_nobody_accepts_themselves(
    admin: dict[str, Any], cohort: dict[str, Any], by: str, pending: bool
) -> None:
    manager, colleague = factories.User(), factories.User()
    for user in (manager, colleague):
        make_staff(cohort, "manager", user, by=admin)
    if by == "account":
        own = apply(cohort, user=manager)
    elif by == "address":
        own = apply(cohort, contact_email=manager["email"].upper())
    else:
        prove(manager, "autre@example.org")
        own = apply(cohort, contact_email="autre@example.org")
    with pytest.raises(tk.ValidationError) as caught:
        _review(manager, own, "accept", pending=pending)
    assert "somebody else" in only_message(caught, "decision")
    told = call_as(
        manager,
        "challenge_application_batch_review",
        ids=[own["id"]],
        decision="accept",
        pending=pending,
    )
    assert told["done"] == 0
    row = _row(own)
    assert (row.state, row.pending_decision) == ("submitted", None)

    def outcome(who: dict[str, Any]) -> str:
        checked = call_as(who, "challenge_application_check", id=own["id"])
        return {rule["rule"]: rule["outcome"] for rule in checked["rules"]}["own"]

    assert [outcome(who) for who in (manager, colleague)] == ["failed", "passed"]
    # All else is as for everybody, and a colleague's yes may be published by anybody.
    _review(manager, own, "start")
    _review(colleague, own, "accept", pending=pending)
    if pending:
        call_as(manager, "challenge_decisions_publish", cohort=cohort["id"])
    assert _row(own).state == "accepted"

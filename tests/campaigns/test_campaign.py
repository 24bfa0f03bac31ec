"""Messages to many: to whom, what each one reads, once each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    apply,
    call_as,
    make_cohort,
    make_staff,
    only_message,
    prove,
)
from helpers.board import Board
from helpers.mail_fixtures import PostOffice
from helpers.progress_fixtures import sent_statements
from helpers.snapshots import MadeOnce

from ckanext.challenge.campaigns import delivery
from ckanext.challenge.common import proofs
from ckanext.challenge.model import (
    Application,
    Campaign,
    Feedback,
    JournalEntry,
    Mail,
    MailEnd,
    Message,
    Participant,
    ParticipantMessage,
)
from ckanext.challenge.notifications import endings, outbox

TEXT = "Bonjour {nom},\n\nil vous reste {étapes restantes} :\n{steps}\n\n{lien}"

SIMPLE = {"text": "Bonjour {nom}"}


@pytest.fixture
def board(made_once: MadeOnce) -> Board:
    return made_once("board", Board)


def _write(board: Board, user: Any = None, **fields: Any) -> dict[str, Any]:
    data = {
        "cohort": board.cohort["id"],
        "to": "participants",
        "subject": "Nouvelles de {saison}",
        "text": TEXT,
        **fields,
    }
    return call_as(user or board.manager, "challenge_campaign_create", **data)


def _send(board: Board, campaign: dict[str, Any], number: int, **more: Any) -> Any:
    return call_as(
        board.manager,
        "challenge_campaign_send",
        id=campaign["id"],
        recipients=number,
        **more,
    )


def _messages() -> dict[str, str]:
    """What stands in the conversations, by participant."""
    model.Session.rollback()
    return {
        row.participant_id: row.text for row in model.Session.query(ParticipantMessage)
    }


def test_each_one_reads_its_own_in_its_conversation_and_by_mail(
    board: Board, office: PostOffice
) -> None:
    board.set("a", late_steps=2)
    board.set("b", late_steps=1)
    campaign = _write(board, filters={"late": "any"})
    assert (campaign["state"], campaign["recipients"]) == ("held", None)
    assert _messages() == {}
    sent = _send(board, campaign, 2)
    assert (sent["state"], sent["recipients"]) == ("sent", 2)
    # The second one has nobody to write to by mail.
    assert sent["mails"] == {"waiting": 1, "sent": 0, "failed": 0, "cancelled": 0}
    texts = _messages()
    assert set(texts) == set(board.of("ab"))
    assert texts[board.ids["a"]].startswith("Bonjour Commune A,\n\nil vous reste ")
    assert "/challenge/mine/saison-2/commune-a" in texts[board.ids["a"]]
    assert "{" not in texts[board.ids["a"]]
    assert outbox.send_due().sent == 1
    (mail,) = office.box.messages
    assert mail["Subject"] == f"Nouvelles de {board.cohort['title']}"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Bonjour Commune A," in text
    assert "/challenge/subscription/mails?key=" in text
    assert mail["List-Unsubscribe"]
    (entry,) = model.Session.query(JournalEntry).filter_by(action="send_campaign")
    assert entry.data["recipients"] == 2
    assert "Bonjour" not in str(entry.data)
    shown = call_as(board.manager, "challenge_campaign_show", id=campaign["id"])
    assert shown["mails"]["sent"] == 1
    # The answer comes to the team as any other.
    call_as(
        board.editor,
        "challenge_participant_message_create",
        participant=board.ids["a"],
        text="Merci",
    )
    assert outbox.send_due().sent > 0


def test_a_message_goes_once(board: Board, office: PostOffice) -> None:
    campaign = _write(board)
    _send(board, campaign, 5)
    with pytest.raises(tk.ValidationError) as caught:
        _send(board, campaign, 5)
    assert "already" in only_message(caught, "state")
    for action in ("challenge_campaign_cancel", "challenge_campaign_update"):
        with pytest.raises(tk.ValidationError):
            call_as(board.manager, action, id=campaign["id"])
    assert len(_messages()) == 5


def test_two_who_send_it_at_once_send_it_once(board: Board) -> None:
    campaign = _write(board)
    outcomes: list[str] = []

    def send() -> None:
        try:
            _send(board, campaign, 5)
            outcomes.append("sent")
        except tk.ValidationError as error:
            outcomes.append(next(iter(error.error_dict)))
        finally:
            model.Session.remove()

    both = [threading.Thread(target=send) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcomes) == ["sent", "state"]
    assert model.Session.query(ParticipantMessage).count() == 5


def test_the_outbox_that_stops_in_the_middle_sends_each_one_mail(
    board: Board,
    post_office: PostOffice,
    rows: Callable[[], list[Mail]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [factories.User(email=f"p{n}@example.org") for n in range(3)]
    for letter, user in zip("bcd", people, strict=True):
        _join(board, letter, user)
    post_office.open()
    _send(board, _write(board), 5)
    assert len(rows()) == 4
    calls = []
    send = outbox.sending.send

    def stops(mail: Any, id_: str) -> None:
        calls.append(id_)
        if len(calls) == 3:
            raise KeyboardInterrupt
        send(mail, id_)

    monkeypatch.setattr(outbox.sending, "send", stops)
    with pytest.raises(KeyboardInterrupt):
        outbox.send_due()
    model.Session.rollback()
    assert len(post_office.box.messages) == 2
    monkeypatch.setattr(outbox.sending, "send", send)
    # Another process, after the first one was killed.
    assert outbox.send_due().sent == 2
    addresses = [str(mail["To"]) for mail in post_office.box.messages]
    assert len(addresses) == len(set(addresses)) == 4
    assert {row.state for row in rows()} == {"sent"}


def test_nothing_is_stored_where_it_breaks_in_the_middle(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = _write(board)

    enqueue = delivery.notifications.enqueue_many

    def breaks(rows: Any) -> int:
        raise RuntimeError

    monkeypatch.setattr(delivery.notifications, "enqueue_many", breaks)
    with pytest.raises(RuntimeError):
        _send(board, campaign, 5)
    assert _messages() == {}
    monkeypatch.setattr(delivery.notifications, "enqueue_many", enqueue)
    assert _send(board, campaign, 5)["state"] == "sent"


def _join(board: Board, letter: str, user: dict[str, Any]) -> None:
    call_as(
        board.admin,
        "member_create",
        id=board.organizations[letter]["id"],
        object=user["id"],
        object_type="user",
        capacity="editor",
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"filters": {"late": "any"}}, "filters"),
        ({"filters": {"late": "no-step"}}, "filters"),
        ({"filters": {"colour": "red"}}, "filters"),
        ({"ids": ["nobody"]}, "ids"),
        ({**SIMPLE, "to": "applicants", "filters": {"state": "draft"}}, "filters"),
        ({**SIMPLE, "to": "applicants"}, "filters"),
        ({**SIMPLE, "to": "staff", "filters": {"role": "mayor"}}, "filters"),
        ({"text": "Bonjour {prénom} {nom}"}, "text"),
        ({"text": "Bonjour {reference}"}, "text"),
        ({"subject": "Reste {steps}"}, "subject"),
        ({"text": "<script>alert(1)</script>"}, "text"),
        ({"subject": "a\nBcc: x@example.org"}, "subject"),
        ({"text": ""}, "text"),
    ],
)
def test_what_cannot_be_sent_is_refused_on_its_field(
    board: Board, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _write(board, **fields)
    assert list(caught.value.error_dict) == [field]
    assert model.Session.query(Campaign).count() == 0


def test_an_unknown_placeholder_is_named_with_those_that_there_are(
    board: Board,
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _write(board, text="Bonjour {prénom}")
    told = only_message(caught, "text")
    assert "{prénom}" in told
    assert "{nom}" in told
    assert "{reference}" not in told


def test_whoever_left_meanwhile_gets_nothing_and_the_sender_is_told(
    board: Board, office: PostOffice
) -> None:
    campaign = _write(board, ids=board.of("abc"))
    board.set("b", state="withdrawn")
    with pytest.raises(tk.ValidationError) as caught:
        _send(board, campaign, 3)
    assert "2" in only_message(caught, "recipients")
    assert _messages() == {}
    _send(board, campaign, 2)
    # And between the outbox and the mail.
    board.set("a", state="withdrawn")
    assert outbox.send_due().cancelled == 1
    assert office.box.messages == []
    (mail,) = model.Session.query(Mail).filter_by(kind="campaign")
    assert mail.last_error == "nothing"


def test_whoever_left_the_organization_meanwhile_gets_no_mail(
    board: Board, office: PostOffice
) -> None:
    _send(board, _write(board, ids=board.of("a")), 1)
    call_as(
        board.admin,
        "member_delete",
        id=board.organizations["a"]["id"],
        object=board.editor["id"],
        object_type="user",
    )
    assert outbox.send_due().cancelled == 1
    assert office.box.messages == []


def test_a_second_message_within_hours_is_sent_only_on_purpose(board: Board) -> None:
    _send(board, _write(board, ids=board.of("a")), 1)
    again = _write(board, ids=board.of("ab"))
    shown = call_as(board.manager, "challenge_campaign_preview", id=again["id"])
    assert (shown["count"], shown["recent"], shown["hours"]) == (2, 1, 48)
    with pytest.raises(tk.ValidationError) as caught:
        _send(board, again, 2)
    assert "48" in only_message(caught, "again")
    assert _send(board, again, 2, again=True)["state"] == "sent"
    other = _write(board, ids=board.of("c"))
    assert _send(board, other, 1)["state"] == "sent"


def test_a_preview_shows_what_will_be_sent(board: Board) -> None:
    campaign = _write(board, subject="À {nom}", ids=board.of("ab"))
    shown = call_as(
        board.manager,
        "challenge_campaign_preview",
        id=campaign["id"],
        recipient=board.ids["b"],
        limit=1,
    )
    assert shown["count"] == 2
    assert [row["name"] for row in shown["results"]] == ["Commune A"]
    assert (shown["mails"], shown["unreachable"]) == (1, 1)
    assert shown["shown"]["subject"] == "À Commune B"
    _send(board, campaign, 2)
    assert _messages()[board.ids["b"]] == shown["shown"]["text"]
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            board.manager,
            "challenge_campaign_preview",
            cohort=board.cohort["id"],
            to="participants",
            ids=board.of("a"),
            recipient=board.ids["b"],
        )
    only_message(caught, "recipient")


def test_without_an_opinion(board: Board) -> None:
    model.Session.add(Feedback(participant_id=board.ids["a"], answers={"x": 1}))
    model.Session.commit()
    shown = call_as(
        board.manager,
        "challenge_campaign_preview",
        cohort=board.cohort["id"],
        to="participants",
        filters={"opinion": "none"},
    )
    assert shown["count"] == 4


def test_an_adviser_writes_to_the_own_participants_alone(board: Board) -> None:
    board.set("a", adviser_id=board.adviser["id"])
    campaign = _write(board, board.adviser)
    sent = call_as(
        board.adviser, "challenge_campaign_send", id=campaign["id"], recipients=1
    )
    assert sent["recipients"] == 1
    assert set(_messages()) == {board.ids["a"]}
    for to in ("staff", "applicants"):
        with pytest.raises(tk.NotAuthorized):
            _write(board, board.adviser, to=to, text="Bonjour")
    held = _write(board, text="Bonjour")
    for action in ("show", "preview", "send", "cancel", "update"):
        more = {"recipients": 5} if action == "send" else {}
        with pytest.raises(tk.NotAuthorized):
            call_as(
                board.adviser, f"challenge_campaign_{action}", id=held["id"], **more
            )
    listed = call_as(
        board.adviser, "challenge_campaign_list", cohort=board.cohort["id"]
    )
    assert [row["id"] for row in listed["results"]] == [campaign["id"]]
    own = _write(board, board.adviser, text="Bonjour")
    with pytest.raises(tk.NotAuthorized):
        call_as(board.adviser, "challenge_campaign_update", id=own["id"], to="staff")


@pytest.mark.parametrize("to", ["participants", "applicants", "staff"])
@pytest.mark.parametrize("role", ["manager", "adviser", None])
def test_who_wrote_it_may_what_they_may_write_by_now(
    board: Board, to: str, role: str | None
) -> None:
    writer = factories.User()
    make_staff(board.cohort, user=writer, by=board.admin)
    apply(make_cohort(name="saison-3", season=3), POINCONNET)
    model.Session.query(Application).update({"cohort_id": board.cohort["id"]})
    model.Session.commit()
    board.set("a", adviser_id=writer["id"])
    held = _write(board, writer, to=to, **SIMPLE)
    for row in call_as(board.admin, "challenge_staff_list", cohort=board.cohort["id"])[
        "results"
    ]:
        if row["user_id"] == writer["id"]:
            call_as(board.admin, "challenge_staff_delete", id=row["id"])
    if role:
        make_staff(board.cohort, role, writer, by=board.admin)
    allowed = role == "manager" or (role == "adviser" and to == "participants")
    for action, more in (
        ("show", {}),
        ("preview", {}),
        ("update", {"text": "Bonsoir {nom}"}),
        ("cancel", {}),
        ("send", {"recipients": 1}),
    ):
        name = f"challenge_campaign_{action}"
        if allowed and action != "send":
            call_as(writer, name, id=held["id"], **more)
        elif not allowed:
            with pytest.raises(tk.NotAuthorized):
                call_as(writer, name, id=held["id"], **more)
    if role:
        listed = call_as(writer, "challenge_campaign_list", cohort=board.cohort["id"])
        assert [row["id"] for row in listed["results"]] == [held["id"]] * allowed
    assert _messages() == {}


@pytest.mark.parametrize("ids", [None, "b"])
def test_nobody_writes_to_those_that_left(board: Board, ids: str | None) -> None:
    board.set("b", state="withdrawn")
    whom: dict[str, Any] = {"filters": {"state": "withdrawn"}}
    if ids:
        whom["ids"] = board.of(ids)
    shown = call_as(
        board.manager,
        "challenge_campaign_preview",
        cohort=board.cohort["id"],
        to="participants",
        **whom,
    )
    assert (shown["count"], shown["mails"], shown["shown"]) == (0, 0, None)
    with pytest.raises(tk.ValidationError) as caught:
        _write(board, **whom)
    assert "Nobody" in only_message(caught, "ids" if ids else "filters")
    assert model.Session.query(Campaign).count() == 0


@pytest.mark.parametrize("ids", [[], "", [" "]])
def test_a_choice_of_nobody_is_not_everybody(board: Board, ids: Any) -> None:
    held = _write(board, ids=board.of("a"))
    for call in (
        lambda: _write(board, ids=ids),
        lambda: call_as(
            board.manager,
            "challenge_campaign_preview",
            cohort=board.cohort["id"],
            to="participants",
            ids=ids,
        ),
        lambda: call_as(
            board.manager, "challenge_campaign_update", id=held["id"], ids=ids
        ),
    ):
        with pytest.raises(tk.ValidationError) as caught:
            call()
        assert "Nobody" in only_message(caught, "ids")
    shown = call_as(board.manager, "challenge_campaign_show", id=held["id"])
    assert shown["ids"] == board.of("a")


def _moved(user: dict[str, Any]) -> None:
    prove(user)
    model.Session.query(model.User).filter_by(id=user["id"]).update(
        {"email": f"autre-{user['name']}@example.org"}
    )
    model.Session.commit()


def _pending(user: dict[str, Any]) -> None:
    model.Session.query(model.User).filter_by(id=user["id"]).update(
        {"state": model.State.PENDING}
    )
    model.Session.commit()


def _waiting(user: dict[str, Any]) -> None:
    account = model.User.get(user["id"])
    assert account is not None and account.email
    organization_id = model.Session.query(model.Group.id).limit(1).scalar()
    role = {"organization_id": organization_id, "role": "editor", "way": "invited"}
    proofs.wait(account, account.email, **role)
    model.Session.commit()


@pytest.mark.parametrize(
    ("to", "become", "unproved"),
    [
        *(
            (to, become, unproved)
            for to in ("participants", "staff")
            for become, unproved in (
                ((), 0),
                ((prove,), 0),
                ((_moved,), 1),
                ((_moved, prove), 0),
                ((_waiting,), 1),
                ((_waiting, prove), 0),
            )
        ),
        # Nobody is on a team before the account is opened.
        ("participants", (_pending,), 1),
    ],
)
def test_a_preview_counts_whom_no_words_reach_as_the_outbox_does(
    board: Board,
    office: PostOffice,
    to: str,
    become: tuple[Callable[[dict[str, Any]], None], ...],
    unproved: int,
) -> None:
    user = board.editor if to == "participants" else board.adviser
    account = model.User.get(user["id"])
    assert account is not None
    for change in become:
        change({**user, "email": account.email})
        model.Session.refresh(account)
    whom: dict[str, Any] = (
        {"ids": board.of("a")} if to == "participants" else {"ids": [user["id"]]}
    )
    campaign = _write(board, to=to, text="Un mot tapé", **whom)
    shown = call_as(board.manager, "challenge_campaign_preview", id=campaign["id"])
    assert (shown["mails"], shown["unproved"]) == (1, unproved)
    _send(board, campaign, 1)
    outbox.send_due()
    (mail,) = office.box.messages
    assert ("tapé" in str(mail.get_body(("plain",)).get_content())) != bool(unproved)  # type: ignore[union-attr]


def test_what_is_held_can_be_changed_and_cancelled(board: Board) -> None:
    campaign = _write(board)
    changed = call_as(
        board.manager,
        "challenge_campaign_update",
        id=campaign["id"],
        text="Bonjour {nom}",
        ids=board.of("ab"),
    )
    assert changed["text"] == "Bonjour {nom}"
    assert changed["subject"] == campaign["subject"]
    with pytest.raises(tk.ValidationError):
        call_as(
            board.manager,
            "challenge_campaign_update",
            id=campaign["id"],
            text="{nobody}",
        )
    assert (
        call_as(board.manager, "challenge_campaign_show", id=campaign["id"])["text"]
        == "Bonjour {nom}"
    )
    call_as(board.manager, "challenge_campaign_cancel", id=campaign["id"])
    with pytest.raises(tk.ValidationError):
        _send(board, campaign, 2)
    assert _messages() == {}


def test_the_staff_reads_it_by_mail(board: Board, office: PostOffice) -> None:
    campaign = _write(board, to="staff", text="Bonjour {nom} : {lien}", subject="Lundi")
    _send(board, campaign, 2)
    assert outbox.send_due().sent == 2
    texts = [
        mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for mail in office.box.messages
    ]
    assert any("Bonjour Camille Roux : " in text for text in texts)
    assert office.subjects == ["Lundi", "Lundi"]


def test_no_typed_text_goes_to_an_applicant_whose_address_is_unproved(
    board: Board, office: PostOffice
) -> None:
    open_ = make_cohort(name="saison-3", season=3)
    manager = make_staff(open_)
    unproved = apply(open_, BAULE, opened=False, contact_email="neuf@example.org")
    data = {
        "cohort": open_["id"],
        "to": "applicants",
        "subject": "Votre candidature {reference}",
        "text": "Un mot tapé pour {nom}.",
        "filters": {"state": "submitted"},
    }
    shown = call_as(manager, "challenge_campaign_preview", **data)
    assert (shown["count"], shown["mails"], shown["unproved"]) == (1, 1, 1)
    campaign = call_as(manager, "challenge_campaign_create", **data)
    outbox.send_due()
    before = len(office.box.messages)
    call_as(manager, "challenge_campaign_send", id=campaign["id"], recipients=1)
    assert outbox.send_due().sent == 1
    mail = office.box.messages[before]
    assert "tapé" not in str(mail)
    assert "Votre candidature" not in str(mail["Subject"])
    (message,) = model.Session.query(Message).filter_by(
        application_id=unproved["id"], side="staff"
    )
    assert message.text == f"Un mot tapé pour {unproved['organization_title']}."


def test_whoever_ended_these_mails_reads_it_on_the_page_alone(
    board: Board, office: PostOffice
) -> None:
    reader = endings.Reader(board.cohort["id"], board.editor["id"])
    key = endings.make_key(reader)
    told = call_as(None, "challenge_mail_end_show", key=key)
    assert told == {
        "cohort": "saison-2",
        "title": board.cohort["title"],
        "ended": False,
    }
    for _ in range(2):
        told = call_as(None, "challenge_mail_end_create", key=key)
        assert told["ended"] is True
    assert model.Session.query(MailEnd).count() == 1
    campaign = _write(board, ids=board.of("a"))
    shown = call_as(board.manager, "challenge_campaign_preview", id=campaign["id"])
    assert (shown["mails"], shown["ended"], shown["unreachable"]) == (0, 1, 1)
    _send(board, campaign, 1)
    assert set(_messages()) == {board.ids["a"]}
    assert model.Session.query(Mail).filter_by(kind="campaign").count() == 0
    # What is written to them alone still comes.
    call_as(
        board.manager,
        "challenge_participant_message_create",
        participant=board.ids["a"],
        text="Bonjour",
    )
    assert outbox.send_due().sent == 1
    call_as(None, "challenge_mail_end_delete", key=key)
    again = _write(board, ids=board.of("a"))
    _send(board, again, 1, again=True)
    # Ended between the outbox and the mail.
    call_as(None, "challenge_mail_end_create", key=key)
    assert outbox.send_due().cancelled == 1
    for wrong in ("x", key[:-2]):
        with pytest.raises(tk.ValidationError) as caught:
            call_as(None, "challenge_mail_end_create", key=wrong)
        only_message(caught, "key")


def test_models_are_kept_with_the_season(board: Board) -> None:
    def keep(**fields: Any) -> Any:
        data = {
            "cohort": board.cohort["id"],
            "to": "participants",
            "title": "Retards",
            "subject": "Vos étapes",
            "text": TEXT,
            **fields,
        }
        return call_as(board.manager, "challenge_campaign_model_create", **data)

    kept = keep()
    assert keep(subject="Autre")["id"] == kept["id"]
    with pytest.raises(tk.ValidationError):
        keep(title="Autre", text="{nobody}")
    listed = call_as(
        board.adviser, "challenge_campaign_model_list", cohort=board.cohort["id"]
    )
    assert [row["subject"] for row in listed["results"]] == ["Autre"]
    copy = call_as(
        board.admin,
        "challenge_cohort_copy",
        id=board.cohort["id"],
        name="saison-4",
        title="Saison 4",
        season=4,
        launch="2030-01-01",
    )
    listed = call_as(board.admin, "challenge_campaign_model_list", cohort=copy["id"])
    assert [row["title"] for row in listed["results"]] == ["Retards"]
    call_as(board.manager, "challenge_campaign_model_delete", id=kept["id"])
    with pytest.raises(tk.ObjectNotFound):
        call_as(board.manager, "challenge_campaign_model_delete", id=kept["id"])


@pytest.mark.seconds(10)
def test_three_hundred_are_queued_in_less_than_two_seconds(board: Board) -> None:
    _crowd(board, 300)
    campaign = _write(board)
    # The work of this process: others may be busy on the machine.
    begun = time.process_time()
    sent = _send(board, campaign, 305)
    assert time.process_time() - begun < 2
    assert sent["mails"]["waiting"] == 301
    assert model.Session.query(ParticipantMessage).count() == 305


def test_the_number_of_statements_does_not_grow(
    board: Board,
) -> None:
    first = _write(board, ids=board.of("a"))
    with sent_statements() as one:
        _send(board, first, 1)
    _crowd(board, 20)
    second = _write(board)
    with sent_statements() as many:
        _send(board, second, 25, again=True)
    assert len(many) == len(one)


def _crowd(board: Board, number: int) -> None:
    """So many more participants, with an editor each."""
    for n in range(number):
        user = model.User(name=f"crowd-{n}", email=f"crowd-{n}@example.org")
        group = model.Group(name=f"crowd-{n}", title=f"Crowd {n}", is_organization=True)
        group.type = "organization"
        model.Session.add_all((user, group))
        model.Session.flush()
        model.Session.add(
            model.Member(
                table_name="user",
                table_id=user.id,
                group=group,
                capacity="editor",
            )
        )
        model.Session.add(
            Participant(cohort_id=board.cohort["id"], organization_id=group.id)
        )
    model.Session.commit()
    assert model.Session.execute(sa.select(sa.func.count(Participant.id))).scalar()

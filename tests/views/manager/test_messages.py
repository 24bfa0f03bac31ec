"""Writing to many at the desk: who, what, how many; then it goes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, make_staff
from helpers.board import Board
from helpers.browser import PASSWORD, Browser
from helpers.snapshots import MadeOnce

from ckanext.challenge.model import Campaign, Mail, ParticipantMessage, ReminderPause
from ckanext.challenge.notifications import endings

DESK = "/challenge/manage/saison-2"


@pytest.fixture
def board(made_once: MadeOnce) -> Board:
    return made_once("board", Board)


@pytest.fixture
def manager(board: Board, app: Any) -> Browser:
    user = factories.User(password=PASSWORD)
    make_staff(board.cohort, "manager", user, by=board.admin)
    return Browser(app).sign_in(user)


def test_the_late_are_written_to_in_two_forms(board: Board, manager: Browser) -> None:
    board.set("a", late_steps=2)
    board.set("b", late_steps=1)
    listed = manager.get(f"{DESK}/participants").text
    assert f"{DESK}/messages/new?late=any" in listed
    filtered = manager.get(f"{DESK}/participants?late=any&adviser=none").text
    # The board's filters are the message's.
    (door,) = re.findall(r'href="(/[^"]+/messages/new[^"]+)"', filtered)
    asked = set(door.partition("?")[2].replace("&amp;", "&").split("&"))
    assert asked == {"late=any", "adviser=none"}
    page = manager.get(f"{DESK}/messages/new?to=participants&late=any").text
    assert "2 collectivités" in page
    assert "Commune A" in page
    assert "{etapes_restantes}" in page
    (text,) = re.findall(r"<textarea[^>]*>([^<]+)</textarea>", page)
    made = manager.post(
        f"{DESK}/messages/new",
        {
            "to": "participants",
            "late": "any",
            "subject": "Où en êtes-vous ?",
            "text": text,
        },
    )
    shown = manager.get(made.headers["Location"]).text
    assert "Nothing has gone yet" in shown or "Rien n" in shown
    assert 'name="recipients" value="2"' in shown
    assert "Commune A" in shown
    assert model.Session.query(ParticipantMessage).count() == 0
    wrong = manager.post(made.headers["Location"], {"recipients": "3"})
    assert wrong.status_code == 200
    assert "challenge-errors" in wrong.text
    sent = manager.post(made.headers["Location"], {"recipients": "2"})
    assert sent.status_code == 302
    assert model.Session.query(ParticipantMessage).count() == 2
    campaign = model.Session.query(Campaign).one()
    listed = manager.get(f"{DESK}/messages").text
    assert "Où en êtes-vous ?" in listed
    # Each mail can be read from its list.
    mails = manager.get(f"{DESK}/mails?campaign={campaign.id}").text
    (mail,) = model.Session.query(Mail).filter_by(kind="campaign")
    assert f"{DESK}/mails/{mail.id}" in mails
    read = manager.get(f"{DESK}/mails/{mail.id}").text
    assert "Où en êtes-vous ?" in read
    assert "key=%E2%80%A6" in read or "unsubscribe" not in read


def test_what_was_typed_stays_where_it_is_refused(
    board: Board, manager: Browser
) -> None:
    page = manager.post(
        f"{DESK}/messages/new",
        {
            "to": "participants",
            "ids": board.ids["a"],
            "subject": "Bonjour",
            "text": "Bonjour {prénom}",
            "model_title": "Salut",
        },
    ).text
    assert "Bonjour {prénom}" in page
    assert "error-text" in page
    assert board.ids["a"] in page
    assert 'value="Salut"' in page
    nobody = manager.get(f"{DESK}/messages/new?to=participants&late=any&q=xyz")
    assert nobody.status_code == 200
    assert "challenge-empty" in nobody.text
    strange = manager.get(f"{DESK}/messages/new?to=everybody&late=zz")
    assert "challenge-error" in strange.text


def test_none_ticked_is_all_that_the_filters_let_through(
    board: Board, manager: Browser
) -> None:
    board.set("a", late_steps=1)
    assert "1 collectivité" in manager.get(f"{DESK}/messages/new?late=any&ids=").text
    words = {"subject": "Bonjour", "text": "Bonjour {nom}"}
    asked = {"to": "participants", "late": "any", "ids": "", **words}
    made = manager.post(f"{DESK}/messages/new", asked)
    assert made.status_code == 302
    url = made.headers["Location"]
    page = manager.get(f"{url}/edit").text
    assert "1 collectivité" in page and "Bonjour {nom}" in page
    assert manager.post(f"{url}/edit", words).status_code == 302


def test_no_door_leads_to_those_that_left(board: Board, manager: Browser) -> None:
    board.set("b", state="withdrawn")
    door = f"{DESK}/messages/new"
    assert door in manager.get(f"{DESK}/participants?state=active").text
    assert door not in manager.get(f"{DESK}/participants?state=withdrawn").text
    asked = {"to": "participants", "state": "withdrawn", "subject": "a", "text": "Lu"}
    refused = manager.post(door, asked)
    assert refused.status_code == 200 and "Lu</textarea>" in refused.text
    assert model.Session.query(Campaign).count() == 0


def test_a_model_is_kept_and_begun_with(board: Board, manager: Browser) -> None:
    manager.post(
        f"{DESK}/messages/new",
        {
            "to": "participants",
            "subject": "Rendez-vous",
            "text": "À lundi, {nom}",
            "model_title": "Lundi",
        },
    )
    page = manager.get(f"{DESK}/messages").text
    (url,) = set(re.findall(r"/messages/new\?to=participants&amp;model=[\w-]+", page))
    begun = manager.get(f"/challenge/manage/saison-2{url}".replace("&amp;", "&")).text
    assert "À lundi, {nom}" in begun
    (delete,) = re.findall(r"/messages/model/[\w-]+/delete", page)
    manager.post(f"/challenge/manage/saison-2{delete}", {})
    assert delete not in manager.get(f"{DESK}/messages").text


def test_it_is_looked_at_for_each_changed_and_cancelled(
    board: Board, manager: Browser
) -> None:
    campaign = call_as(
        board.manager,
        "challenge_campaign_create",
        cohort=board.cohort["id"],
        to="participants",
        subject="À {nom}",
        text="Bonjour {nom}",
    )
    url = f"{DESK}/messages/{campaign['id']}"
    assert "À Commune C" in manager.get(f"{url}?recipient={board.ids['c']}").text
    board.set("c", state="withdrawn")
    # Whoever was looked at left meanwhile.
    assert "À Commune A" in manager.get(f"{url}?recipient={board.ids['c']}").text
    refused = manager.post(f"{url}/edit", {"subject": "x", "text": "{rien}"})
    assert "{rien}" in refused.text
    manager.post(f"{url}/edit", {"subject": "x", "text": "Bonsoir {nom}"})
    assert "Bonsoir Commune A" in manager.get(url).text
    manager.post(f"{url}/cancel", {})
    assert model.Session.query(Campaign).one().state == "cancelled"
    assert manager.get(url).status_code == 200


def test_reminders_are_seen_and_paused_on_the_page(
    board: Board, manager: Browser, app: Any
) -> None:
    listed = manager.get(f"{DESK}/reminders").text
    assert "Commune A" in listed
    page = "/challenge/saison-2/commune-a"
    assert 'id="reminders"' in manager.get(page).text
    refused = manager.post(f"{page}/reminders", {"pause-reason": "", "pause-until": ""})
    assert "challenge-errors" in refused.text
    manager.post(f"{page}/reminders", {"pause-reason": "Élections"})
    assert "Élections" in manager.get(page).text
    assert "Élections" in manager.get(f"{DESK}/reminders").text
    editor = factories.User(password=PASSWORD)
    call_as(
        board.admin,
        "member_create",
        id=board.organizations["a"]["id"],
        object=editor["id"],
        object_type="user",
        capacity="editor",
    )
    member = Browser(app).sign_in(editor)
    seen = member.get(page).text
    assert 'id="reminders"' in seen
    assert "Élections" not in seen
    assert "/reminders/resume" not in seen
    manager.post(f"{page}/reminders/resume", {})
    assert model.Session.query(ReminderPause).count() == 0


def _has_ended(key: str) -> bool:
    reader = endings.read_key(key)
    assert reader is not None
    return endings.has_ended(reader)


def test_the_link_in_a_mail_ends_them_with_one_click(board: Board, app: Any) -> None:
    key = endings.make_key(endings.Reader(board.cohort["id"], board.editor["id"]))
    url = f"/challenge/subscription/mails?key={key}"
    page = app.get(url)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "same-origin"
    # Nothing ends by reading.
    assert not _has_ended(key)
    # A program that reads mails: RFC 8058.
    done = app.post(url, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    model.Session.rollback()
    assert _has_ended(key)
    app.post(url, data={"again": "true"})
    model.Session.rollback()
    assert not _has_ended(key)
    assert app.get(f"{url}x", status=404).status_code == 404

"""What members and staff read and write of how a participant is accompanied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, day
from helpers.browser import Browser, World
from lxml import html
from sqlalchemy import event

from ckanext.challenge.model import Cohort, Mail, StepStatus, Visit

DESK = "/en/challenge/manage/saison-2/accompaniment"

Make = Callable[..., Browser]


def _page(browser: Browser, path: str, status: int = 200) -> Any:
    answer = browser.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:500]
    return html.document_fromstring(answer.get_data(as_text=True))


def _text(page: Any, id_: str = "") -> str:
    places = page.xpath(f"//*[@id='{id_}']") if id_ else [page.find("body")]
    return " ".join(" ".join(place.text_content() for place in places).split())


def test_a_member_asks_and_the_adviser_answers(world: World, browser: Make) -> None:
    member, adviser = browser("member"), browser("adviser")
    sent = member.post(f"{world.url}/message", {"text": "Où est le modèle ?"})
    assert sent.status_code == 302
    assert sent.headers["Location"].endswith(f"{world.url}#conversation")
    place = f"/en{world.url}"
    assert "Où est le modèle ?" in _text(_page(adviser, place), "conversation")
    waiting = _text(_page(adviser, DESK))
    assert "Messages without an answer" in waiting
    assert "Où est le modèle ?" in waiting
    adviser.post(f"{world.url}/message", {"text": "Sur la page des kits."})
    log = _page(member, place).xpath("//*[@id='conversation']//li/@data-side")
    assert log == ["member", "staff"], "the latest stands last"
    assert "Messages without an answer" not in _text(_page(adviser, DESK))
    for other in (browser(), browser("stranger")):
        page = other.get(place).get_data(as_text=True)
        assert "modèle" not in page
        assert 'id="conversation"' not in page
    kinds = [
        mail.kind for mail in model.Session.query(Mail) if "participant" in mail.kind
    ]
    assert sorted(kinds) == ["participant_message", "participant_message_staff"]


def test_what_was_typed_is_not_lost(world: World, browser: Make) -> None:
    member, adviser = browser("member"), browser("adviser")
    answer = member.post(f"/en{world.url}/message", {"text": "Voici : <b>gras</b>"})
    page = html.document_fromstring(answer.get_data(as_text=True))
    (field,) = page.xpath("//textarea[@id='field-text']")
    assert field.text.strip() == "Voici : <b>gras</b>"
    assert "HTML is not accepted" in _text(page, "error-text")
    given = {"visit-date": "demain", "visit-days": "0.3", "visit-topic": "Rencontre"}
    answer = adviser.post(f"/en{world.url}/visit", given)
    page = html.document_fromstring(answer.get_data(as_text=True))
    for name, value in given.items():
        (field,) = page.xpath(f"//input[@id='field-{name}']")
        assert field.get("value") == value
    for name in ("date", "days"):
        (error,) = page.xpath(f"//a[@href='#field-visit-{name}']")
        assert error.text
    assert page.xpath("//*[@id='visits']//details[@open]")
    assert model.Session.query(Visit).count() == 0


def test_visits_are_noted_changed_and_taken_out(world: World, browser: Make) -> None:
    model.Session.query(Cohort).filter_by(name="saison-2").update(
        {"days_per_participant": 1}
    )
    model.Session.commit()
    member, adviser = browser("member"), browser("adviser")
    place = f"/en{world.url}"
    given = {
        "visit-date": day().isoformat(),
        "visit-topic": "Rencontre",
        "visit-notes": "Entre nous.",
    }
    adviser.post(f"{world.url}/visit", {**given, "visit-days": "0,5"})
    seen = _text(_page(member, place), "visits")
    assert "0.5 days left of 1" in seen
    assert "Rencontre" in seen
    assert "Entre nous." not in seen
    assert "Entre nous." in _text(_page(adviser, place), "visits")
    assert not _page(member, place).xpath("//*[@id='visits']//form")
    (id_,) = [row.id for row in model.Session.query(Visit)]
    adviser.post(f"{place}/visit/{id_}", {f"visit-{id_}-days": "2,5"})
    told = _text(_page(adviser, place))
    assert "1.5 days more than the season grants" in told
    refused = adviser.post(f"{place}/visit/{id_}", {f"visit-{id_}-days": "0,3"})
    assert "Some answers need correcting" in refused.get_data(as_text=True)
    # What takes it out stands in a form of its own, which says what is lost.
    action = f"//form[contains(@action, '/visit/{id_}/delete')]"
    (form,) = _page(adviser, place).xpath(f"//details{action}")
    assert "its notes are lost" in form.text_content()
    assert not form.xpath(".//input[@type='text']")
    adviser.post(f"{world.url}/visit/{id_}/delete")
    assert "1 day left of 1" in _text(_page(adviser, place), "visits")
    assert model.Session.query(Visit).count() == 0


def test_the_beginning_of_a_long_conversation_is_one_link_away(
    world: World, browser: Make
) -> None:
    for number in range(7):
        call_as(
            world.people["member"],
            "challenge_participant_message_create",
            participant=world.participant["id"],
            text=f"Message {number}",
        )
    member = browser("member")
    page = _page(member, f"/en{world.url}")
    assert "Message 1" not in _text(page, "conversation")
    (link,) = page.xpath("//*[@id='conversation']//a[contains(@href, 'messages=all')]")
    assert "Message 0" in _text(_page(member, link.get("href")), "conversation")


def test_steps_are_answered_at_the_desk(world: World, browser: Make) -> None:
    model.Session.query(StepStatus).filter(
        StepStatus.participant_id == world.participant["id"],
        StepStatus.step == "deliberation",
    ).update({"state": "to_confirm", "note": "Elle est signée."})
    model.Session.commit()
    adviser = browser("adviser")
    page = _page(adviser, DESK)
    assert "Elle est signée." in _text(page)
    form = page.xpath("//form[.//input[@name='step']]")[0]
    fields = {
        "participant": world.participant["id"],
        "step": "deliberation",
        f"{world.participant['id']}-deliberation-reason": "",
    }
    back = adviser.post(form.get("action"), {**fields, "confirmed": "false"})
    assert back.status_code == 200
    again = html.document_fromstring(back.get_data(as_text=True))
    assert again.xpath("//form//details[@open]")
    assert "Say why" in _text(again)
    fields[f"{world.participant['id']}-deliberation-reason"] = "Il manque la date."
    # Its members have replaced the proof meanwhile: what was typed stays.
    read = {**fields, "updated_at": "2026-01-01T00:00:00+00:00"}
    late = adviser.post(DESK, {**read, "confirmed": "false"})
    again = html.document_fromstring(late.get_data(as_text=True))
    assert "has changed meanwhile" in _text(again)
    assert "Il manque la date." in _text(again)
    (seen,) = again.xpath("//form[.//input[@name='step']]//input[@name='updated_at']")
    fields["updated_at"] = seen.get("value")
    sent = adviser.post(DESK, {**fields, "confirmed": "false"})
    assert sent.status_code == 302
    page = _page(adviser, DESK)
    assert "sent back; the members are told" in _text(page)
    assert not page.xpath("//input[@name='step']")
    # Somebody else has answered meanwhile.
    late = adviser.post(DESK, {**fields, "confirmed": "true"})
    assert late.status_code == 302
    assert page.xpath("//table") and "“" in _text(_page(adviser, DESK))


def test_whom_one_sees_first(world: World, browser: Make) -> None:
    own, other = "Commune 214500241", "Commune 213601594"
    seen = _text(_page(browser("adviser"), DESK), "all")
    assert "The collectivités (1)" in seen
    adviser = _page(browser("adviser"), DESK).xpath("//tbody/tr/th")
    assert [row.text_content() for row in adviser] == [own]
    everybody = _page(browser("adviser"), f"{DESK}?who=all")
    assert {row.text_content() for row in everybody.xpath("//tbody/tr/th")} == {
        own,
        other,
    }
    assert not everybody.xpath("//tbody//form"), "managers alone entrust"
    manager = browser("manager")
    page = _page(manager, f"{DESK}?who=nobody")
    (row,) = page.xpath("//tbody/tr")
    assert row.xpath("th")[0].text_content() == other
    form = row.xpath(".//form")[0]
    values = {"id": form.xpath(".//input[@name='id']/@value")[0]}
    adviser_id = world.people["adviser"]["id"]
    saved = manager.post(form.get("action"), {**values, "adviser": adviser_id})
    assert saved.status_code == 302
    assert "who=nobody" in saved.headers["Location"]
    assert "No collectivité is here." in _text(_page(manager, f"{DESK}?who=nobody"))
    assert "(2)" in _text(_page(browser("adviser"), DESK), "all")
    nonsense = manager.post(form.get("action"), {**values, "adviser": "nobody"})
    assert nonsense.status_code == 302
    assert "not on the team" in _text(_page(manager, DESK))


def _statements(browser: Browser, path: str) -> int:
    statements: list[str] = []

    def count(*told: Any) -> None:
        statements.append(told[2])

    assert browser.get(path).status_code == 200
    event.listen(model.meta.engine, "before_cursor_execute", count)
    browser.get(path)
    event.remove(model.meta.engine, "before_cursor_execute", count)
    return len(statements)


@pytest.mark.parametrize("path", [DESK, "/en/challenge/saison-2/commune-214500241"])
def test_pages_cost_the_same_for_few_and_for_many(
    world: World, browser: Make, path: str
) -> None:
    manager = browser("manager")
    before = _statements(manager, path)
    for number in range(8):
        made = call_as(
            world.people["sysadmin"],
            "challenge_participant_create",
            cohort=world.cohort["id"],
            organization=factories.Organization()["id"],
        )
        for participant in (made["id"], world.participant["id"]):
            call_as(
                world.people["manager"],
                "challenge_visit_create",
                participant=participant,
                date=day().isoformat(),
                days=0.5,
                topic=f"Rencontre {number}",
            )
        call_as(
            world.people["member"],
            "challenge_participant_message_create",
            participant=world.participant["id"],
            text="Bonjour",
        )
    model.Session.query(StepStatus).filter_by(step="deliberation").update(
        {"state": "to_confirm"}
    )
    model.Session.commit()
    assert _statements(manager, path) <= before + 1

"""The form that asks an organization, and the page on which it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.tests import factories
from helpers.browser import PASSWORD, Browser
from lxml import html

from ckanext.challenge.model import Claim, Participant


def _text(answer: Any) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    page = html.document_fromstring(answer.get_data(as_text=True))
    return " ".join(page.text_content().split())


def test_an_organization_is_asked_and_answers(
    browser: Callable[..., Any], app: Any, world: Any
) -> None:
    admin = factories.User(password=PASSWORD)
    town = factories.Organization(
        title="Ville de Lignières",
        users=[{"name": admin["name"], "capacity": "admin"}],
    )
    manager = browser("manager")
    desk = "/en/challenge/manage/saison-3"
    wrong = manager.post(f"{desk}/ask", {"organization": "nulle-part"})
    assert "There is no such organization" in _text(wrong)
    assert "nulle-part" in wrong.get_data(as_text=True), "what was typed is kept"
    address = f"http://test.ckan.net/organization/{town['name']}/"
    assert manager.post(f"{desk}/ask", {"organization": address}).status_code == 302
    assert "Ville de Lignières" in _text(manager.get(f"{desk}?tab=participants"))
    assert "Ville de Lignières" not in _text(
        browser("adviser").get(f"{desk}?tab=participants")
    )
    before = model.Session.query(Participant).count()
    url = f"/en/challenge/claim/{model.Session.query(Claim).one().id}"
    town_hall = Browser(app).sign_in(admin)
    text = _text(town_hall.get(url))
    assert "Does Ville de Lignières take part in “Saison 3”?" in text
    assert "Yes, we take part" in text and "None" not in text
    assert town_hall.post(url, {"accepted": "true"}).status_code == 302
    assert "takes part in the season now" in _text(town_hall.get(url))
    model.Session.expire_all()
    assert model.Session.query(Participant).count() == before + 1
    # Who asked reads the answer.
    assert "Accepted" in _text(manager.get(url))

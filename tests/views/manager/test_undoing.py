"""The page that says what undoing an acceptance will do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import POINCONNET, apply, call_as
from lxml import html

from ckanext.challenge.model import Application, Participant


@pytest.fixture
def accepted(world: Any) -> dict[str, Any]:
    application = apply(world.open_cohort, POINCONNET, contact_name="Dominique Exemple")
    return call_as(
        world.people["manager"],
        "challenge_application_review",
        id=application["id"],
        decision="accept",
    )


def _page(answer: Any) -> Any:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return html.document_fromstring(answer.get_data(as_text=True))


def _text(page: Any) -> str:
    return " ".join(page.text_content().split())


def _state(accepted: dict[str, Any]) -> str:
    model.Session.expire_all()
    found = Application.get(accepted["id"])
    assert found is not None
    return found.state


def test_a_page_says_what_will_happen_and_its_button_does_it(
    browser: Callable[..., Any], accepted: dict[str, Any]
) -> None:
    manager = browser("manager")
    url = f"/en/challenge/manage/saison-3/application/{accepted['id']}"
    file = _page(manager.get(url))
    (link,) = file.xpath("//a[contains(@href, '/undo')]/@href")
    page = _page(manager.get(link))
    text = _text(page)
    for told in ("Le Poinçonnet", "is deleted", "is no longer an administrator"):
        assert told in text
    assert "Nothing has happened yet" in text and "est annulée" in text
    assert _state(accepted) == "accepted"
    # Without what the page showed nothing is done, either.
    assert manager.post(link, {}).status_code == 200
    assert _state(accepted) == "accepted"
    (shown,) = page.xpath("//input[@name='accepted_at']/@value")
    answer = manager.post(link, {"accepted_at": shown, "reason": "Une homonyme."})
    assert answer.status_code == 302 and url in answer.location
    assert _state(accepted) == "in_review"
    after = _page(manager.get(url))
    assert "Une homonyme." in _text(after)
    assert not after.xpath("//a[contains(@href, '/undo')]")


def test_what_hinders_it_stands_in_the_place_of_the_button(
    browser: Callable[..., Any], accepted: dict[str, Any]
) -> None:
    manager = browser("manager")
    url = f"/en/challenge/manage/saison-3/application/{accepted['id']}"
    shown = _page(manager.get(f"{url}/undo")).xpath("//input[@name='accepted_at']")[0]
    factories.Dataset(owner_org=accepted["organization_id"])
    file = _page(manager.get(url))
    assert not file.xpath("//a[contains(@href, '/undo')]")
    assert "The organization has published or prepared datasets." in _text(file)
    # Who read the page before is told.
    sent = {"accepted_at": shown.get("value")}
    page = _page(manager.post(f"{url}/undo", sent))
    assert "The organization has published or prepared datasets." in _text(page)
    assert not page.xpath("//input[@name='accepted_at']")
    assert _state(accepted) == "accepted"


def test_a_page_that_showed_another_acceptance_undoes_nothing(
    browser: Callable[..., Any], accepted: dict[str, Any], world: Any
) -> None:
    manager = browser("manager")
    url = f"/en/challenge/manage/saison-3/application/{accepted['id']}/undo"
    shown = _page(manager.get(url)).xpath("//input[@name='accepted_at']/@value")[0]
    colleague = world.people["sysadmin"]
    call_as(colleague, "challenge_application_acceptance_undo", id=accepted["id"])
    call_as(
        colleague,
        "challenge_application_review",
        id=accepted["id"],
        decision="accept",
    )
    page = _page(manager.post(url, {"accepted_at": shown, "reason": "Une homonyme."}))
    assert "accepted anew" in _text(page) and "Une homonyme." in _text(page)
    assert _state(accepted) == "accepted"
    count = model.Session.query(Participant).filter_by(application_id=accepted["id"])
    assert count.count() == 1


def test_an_acceptance_of_long_ago_has_no_button(
    browser: Callable[..., Any], accepted: dict[str, Any]
) -> None:
    found = Application.get(accepted["id"])
    assert found is not None and found.decided_at is not None
    found.decided_at = found.decided_at.replace(year=2020)
    model.Session.commit()
    url = f"/en/challenge/manage/saison-3/application/{accepted['id']}"
    manager = browser("manager")
    text = _text(_page(manager.get(url)))
    assert "Undo the acceptance" not in text and "cannot be undone" not in text
    assert "more than a day ago" in _text(_page(manager.get(f"{url}/undo")))

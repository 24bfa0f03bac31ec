"""Subscriptions to a territory: told once, of what is public, ended by one click."""

from __future__ import annotations

import re
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import BAULE, LIGNIERES, call_as, collectivites
from helpers.browser import Browser

from benchmarks.statements import sent_statements
from ckanext.challenge.cli import evaluate
from ckanext.challenge.model import Mail, Opening, Subscription
from ckanext.challenge.notifications import outbox
from ckanext.challenge.subscribers import opened_mails

READER = "lectrice@example.org"
LINK = re.compile(r"https?://\S+")


@pytest.fixture(autouse=True)
def _portal(
    with_plugins: None,
    clean_db: None,
    clean_index: None,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.site_url", "https://donnees.example.org")
    collectivites()


@pytest.fixture
def owners() -> dict[str, dict[str, Any]]:
    return {
        siren: factories.Organization(title=f"Mairie {siren}", siren=siren)
        for siren in (BAULE, LIGNIERES[0])
    }


def _subscribed(office: Any, **place: str) -> str:
    """Ask, and confirm; the key that ends it."""
    call_as(None, "challenge_subscription_create", email=READER, lang="en", **place)
    outbox.send_due()
    text = office.box.messages.pop().get_body(("plain",)).get_content()
    (link,) = LINK.findall(text)
    key = link.partition("key=")[2]
    shown = call_as(None, "challenge_subscription_confirm", key=key)
    assert shown["territory"] == ":".join(*place.items())
    return key


def _told(office: Any) -> list[Any]:
    """The mails of a night."""
    office.box.messages.clear()
    opened_mails.tell()
    outbox.send_due()
    return list(office.box.messages)


def test_from_the_list_to_the_mail_and_to_its_end(
    app: Any, office: Any, owners: Any
) -> None:
    browser = Browser(app)
    page = browser.get("/en/challenge/data?departement=45").get_data(as_text=True)
    assert 'name="departement" value="45"' in page
    sent = browser.post(
        "/en/challenge/subscription", {"departement": "45", "email": READER}
    )
    assert sent.headers["Location"].endswith("/sent?departement=45")
    sent = browser.get("/en/challenge/subscription/sent?departement=45")
    assert "Loiret" in sent.get_data(as_text=True)
    outbox.send_due()
    asked = office.box.messages.pop().get_body(("plain",)).get_content()
    # Nothing that somebody typed, and not for what: the address is not proved.
    assert "Loiret" not in asked
    (link,) = LINK.findall(asked)
    path = "/en" + link.partition("example.org")[2].removeprefix("/en")
    assert "Loiret" in browser.get(path).get_data(as_text=True)
    browser.post(path, {})
    assert not _told(office)
    factories.Dataset(owner_org=owners[BAULE]["id"], title="Budget de Baule")
    factories.Dataset(owner_org=owners[LIGNIERES[0]]["id"], title="Ailleurs")
    (mail,) = _told(office)
    text = mail.get_body(("plain",)).get_content()
    assert "Budget de Baule" in text
    assert "Ailleurs" not in text
    assert mail["List-Unsubscribe-Post"]
    assert not _told(office)
    end = "/" + mail["List-Unsubscribe"].strip("<>").partition("example.org/")[2]
    assert browser.post(end, {}).status_code == 200
    assert not model.Session.query(Subscription).count()
    factories.Dataset(owner_org=owners[BAULE]["id"])
    assert not _told(office)


def test_what_is_published_late_is_told_when_it_is(office: Any, owners: Any) -> None:
    dataset = factories.Dataset(owner_org=owners[BAULE]["id"], private=True)
    _subscribed(office, collectivite=BAULE)
    assert not _told(office)
    call_as(factories.Sysadmin(), "package_patch", id=dataset["id"], private=False)
    (mail,) = _told(office)
    assert dataset["title"] in mail.get_body(("plain",)).get_content()
    # Hidden and shown again, it is no news.
    for private in (True, False):
        call_as(
            factories.Sysadmin(), "package_patch", id=dataset["id"], private=private
        )
        assert not _told(office)
    assert model.Session.query(Opening).count() == 1


def test_what_is_hidden_before_the_mail_goes_is_not_named(
    office: Any, owners: Any
) -> None:
    _subscribed(office, departement="45")
    dataset = factories.Dataset(owner_org=owners[BAULE]["id"])
    assert opened_mails.tell() == 1
    call_as(factories.Sysadmin(), "package_patch", id=dataset["id"], private=True)
    office.box.messages.clear()
    outbox.send_due()
    assert not office.box.messages


def test_nobody_is_told_before_the_address_is_confirmed(
    office: Any, owners: Any
) -> None:
    call_as(None, "challenge_subscription_create", email=READER, departement="45")
    factories.Dataset(owner_org=owners[BAULE]["id"])
    assert opened_mails.tell() == 0


@pytest.mark.parametrize(
    "place",
    [
        {"departement": "99"},
        {"epci": BAULE},
        {"collectivite": "552100554"},
        {"collectivite": "123"},
        {"departement": "45", "collectivite": BAULE},
    ],
)
def test_what_the_directory_does_not_have_is_refused(place: dict[str, str]) -> None:
    with pytest.raises((tk.ValidationError, tk.ObjectNotFound)):
        call_as(None, "challenge_subscription_create", email=READER, **place)
    assert not model.Session.query(Subscription).count()


def test_a_night_is_as_many_statements_for_many(office: Any, owners: Any) -> None:
    def night() -> int:
        with sent_statements() as statements:
            opened_mails.tell()
        return len(statements)

    _subscribed(office, departement="45")
    factories.Dataset(owner_org=owners[BAULE]["id"])
    few = night()
    for place in ({"departement": "18"}, {"collectivite": BAULE}):
        _subscribed(office, **place)
    for _ in range(3):
        for owner in owners.values():
            factories.Dataset(owner_org=owner["id"])
    assert night() <= few
    mails = model.Session.query(Mail).filter_by(kind="subscription_data")
    assert sorted(mail.data["count"] for mail in mails) == [1, 3, 3, 3]


def test_the_nightly_command_tells(cli: Any, office: Any, owners: Any) -> None:
    _subscribed(office, departement="45")
    factories.Dataset(owner_org=owners[BAULE]["id"])
    result = cli.invoke(evaluate.command, ["--all"])
    assert "1 mails about newly opened data" in result.output

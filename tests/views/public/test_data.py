"""The page and the Atom feed of the data that a season opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan.tests import factories
from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.views.public import data

ATOM = "{http://www.w3.org/2005/Atom}"


def _feed(browser: Any, query: str = "") -> Any:
    answer = browser.get(f"/challenge/saison-2/data.atom{query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    return etree.fromstring(answer.data)


def _links(feed: Any) -> dict[str, str]:
    return {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}


def test_the_feed_is_valid_and_complete(
    browser: Callable[..., Any], world: Any
) -> None:
    feed = _feed(browser())
    for name in ("id", "title", "updated"):
        assert feed.findtext(f"{ATOM}{name}"), name
    (entry,) = feed.findall(f"{ATOM}entry")
    for name in ("id", "title", "updated", "published"):
        assert entry.findtext(f"{ATOM}{name}"), name
    assert entry.findtext(f"{ATOM}title") == "Délibérations & <arrêtés>"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Commune 214500241"
    links = _links(feed)
    assert links["self"].endswith("/challenge/saison-2/data.atom")
    assert links["alternate"].endswith("/challenge/saison-2/data")
    assert "next" not in links
    assert entry.find(f"{ATOM}link").get("href").endswith(world.dataset["name"])


def test_no_control_character_of_a_title_leaves(
    browser: Callable[..., Any], world: Any
) -> None:
    factories.Dataset(
        owner_org=world.participant["organization_id"],
        title="Voirie\x0b \u202e2026",
        notes="Les rues\x1b de la commune",
    )
    feed = _feed(browser())
    entry = feed.find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Voirie 2026"
    assert entry.findtext(f"{ATOM}summary") == "Les rues de la commune"
    page = browser().get("/challenge/saison-2/data").get_data(as_text=True)
    assert "Voirie 2026" in page
    assert "\x0b" not in page
    assert "\u202e" not in page


def test_what_did_not_change_is_not_sent_again(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor, path = browser(), "/challenge/saison-2/data.atom"
    first = visitor.get(path)
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    for asked in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        again = visitor.get(path, headers=asked)
        assert (again.status_code, again.data) == (304, b""), asked
    factories.Dataset(owner_org=world.participant["organization_id"])
    again = visitor.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_all_of_it_is_reached_page_by_page(
    browser: Callable[..., Any], world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "ENTRIES", 2)
    monkeypatch.setattr(data, "PAGE", 2)
    made = [
        factories.Dataset(owner_org=world.participant["organization_id"])["name"]
        for _ in range(4)
    ]
    visitor = browser()
    seen: list[str] = []
    query = ""
    for _ in range(10):
        feed = _feed(visitor, query)
        seen += [
            str(link).rsplit("/", 1)[1]
            for link in feed.xpath(
                "//a:entry/a:link/@href", namespaces={"a": ATOM.strip("{}")}
            )
        ]
        following = _links(feed).get("next")
        if not following:
            break
        query = "?" + following.partition("?")[2]
    assert seen == [*reversed(made), world.dataset["name"]]
    first = html.document_fromstring(
        visitor.get("/challenge/saison-2/data").get_data(as_text=True)
    )
    assert first.xpath("//nav[contains(@class, 'challenge-pager')]//a[@rel='next']")


def test_it_can_be_filtered(browser: Callable[..., Any], world: Any) -> None:
    factories.Dataset(
        owner_org=world.participant["organization_id"], challenge_kit="budget"
    )
    visitor = browser()
    name = world.participant["organization_name"]
    assert len(_feed(visitor).findall(f"{ATOM}entry")) == 2
    assert len(_feed(visitor, "?kit=budget").findall(f"{ATOM}entry")) == 1
    assert len(_feed(visitor, f"?organization={name}").findall(f"{ATOM}entry")) == 2
    assert not _feed(visitor, "?organization=ailleurs").findall(f"{ATOM}entry")
    # A quote in a parameter stays a value, and opens no other query.
    query = "?kit=%22%20OR%20capacity%3A%22public"
    assert not _feed(visitor, query).findall(f"{ATOM}entry")


def test_private_data_is_in_neither(browser: Callable[..., Any], world: Any) -> None:
    factories.Dataset(
        owner_org=world.participant["organization_id"],
        title="Un brouillon tenu secret",
        private=True,
    )
    visitor = browser()
    for path in ("data", "data.atom"):
        text = visitor.get(f"/challenge/saison-2/{path}").get_data(as_text=True)
        assert "Un brouillon tenu secret" not in text
    season = visitor.get("/challenge/saison-2").get_data(as_text=True)
    assert "Un brouillon tenu secret" not in season

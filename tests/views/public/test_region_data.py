"""The page of the whole portal's data, and its feeds, as other programs read them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import feedparser
import pytest
from ckan.tests import factories
from factories import BAULE
from lxml import html  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.common import page_cache
from ckanext.challenge.views.public import region_data

PATH = "/challenge/data"


@pytest.fixture
def region(world: Any) -> Any:
    """The organization of the season says which collectivité it is."""
    page_cache.forget_all()
    other = factories.Organization(title="Saint-Ailleurs", siren=BAULE)
    factories.Dataset(
        owner_org=other["id"],
        title="Budget <2026>",
        challenge_kit="budget",
        tag_string="budget,comptes",
    )
    factories.Dataset(owner_org=other["id"], title="Tenu secret", private=True)
    page_cache.forget_all()
    return world


def _page(browser: Any, query: str = "") -> Any:
    answer = browser.get(PATH + query)
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _titles(page: Any) -> list[str]:
    return [str(text) for text in page.xpath("//h2[@class='challenge-title']/a/text()")]


def test_the_page_is_filtered(browser: Callable[..., Any], region: Any) -> None:
    visitor = browser()
    both = ["Budget <2026>", "Délibérations & <arrêtés>"]
    assert _titles(_page(visitor)) == both
    page = _page(visitor, "?departement=45&kit=budget")
    assert _titles(page) == both[:1]
    assert page.xpath("//option[@selected]/@value")[0] == "45"
    feeds = page.xpath(
        "//link[@rel='alternate'][contains(@type, 'application/')]/@href"
    )
    assert {str(url).partition("?")[2] for url in feeds} == {
        "departement=45&kit=budget"
    }
    assert _titles(_page(visitor, f"?collectivite={BAULE}")) == both[:1]


@pytest.mark.parametrize("ending", ["", ".atom", ".json"])
@pytest.mark.parametrize(
    "query", ["departement=zz", "kit=%22%20OR%201", "quality=best", "epci=1", "theme=x"]
)
def test_nonsense_is_said_and_not_remembered(
    browser: Callable[..., Any], region: Any, ending: str, query: str
) -> None:
    before = len(region_data._lists._kept)
    answer = browser().get(f"{PATH}{ending}?{query}")
    assert answer.status_code == 400
    assert len(region_data._lists._kept) == before


def test_feedparser_reads_the_feed(browser: Callable[..., Any], region: Any) -> None:
    answer = browser().get(f"{PATH}.atom?departement=45")
    read = feedparser.parse(answer.data)
    assert not read.bozo
    assert read.version == "atom10"
    (entry,) = read.entries
    assert (entry.title, entry.author) == ("Budget <2026>", "Saint-Ailleurs")
    assert {tag.term for tag in entry.tags} == {"budget", "comptes"}
    links = {link.rel: link.href for link in read.feed.links}
    assert links["self"].endswith("/challenge/data.atom?departement=45")
    assert links["alternate"].endswith("/challenge/data?departement=45")
    again = browser().get(
        f"{PATH}.atom?departement=45",
        headers={"If-None-Match": answer.headers["ETag"]},
    )
    assert again.status_code == 304


def test_an_empty_feed_is_valid(browser: Callable[..., Any], region: Any) -> None:
    read = feedparser.parse(browser().get(f"{PATH}.atom?departement=36").data)
    assert not read.bozo
    assert not read.entries
    assert read.feed.updated


def test_the_json_feed_has_its_pages(
    browser: Callable[..., Any], region: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region_data, "ENTRIES", 1)
    visitor = browser()
    answer = visitor.get(f"{PATH}.json")
    assert answer.headers["Content-Type"].startswith("application/feed+json")
    first = json.loads(answer.data)
    assert first["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in first["items"]] == ["Budget <2026>"]
    assert first["items"][0]["content_text"]
    second = json.loads(
        visitor.get(f"{PATH}.json?" + first["next_url"].partition("?")[2]).data
    )
    assert [item["title"] for item in second["items"]] == ["Délibérations & <arrêtés>"]
    assert "next_url" not in second


def test_private_data_is_in_none(browser: Callable[..., Any], region: Any) -> None:
    for ending in ("", ".atom", ".json"):
        text = browser("sysadmin").get(PATH + ending).get_data(as_text=True)
        assert "Tenu secret" not in text

"""The page that gives the badge, oEmbed, and what social networks are told."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from factories import call_as
from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]

from benchmarks.statements import sent_statements


def _site() -> str:
    return tk.config["ckan.site_url"]


def _page(answer: Any) -> Any:
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _snippets(page: Any) -> dict[str, str]:
    return {
        area.get("id").removeprefix("snippet-"): area.text
        for area in page.xpath("//textarea[@readonly]")
    }


def test_it_gives_texts_that_work_as_they_are(
    browser: Callable[..., Any], world: Any
) -> None:
    name = world.participant["organization_name"]
    page = _page(browser().get(f"/challenge/badge/{name}"))
    texts = _snippets(page)
    assert list(texts) == ["html", "markdown", "url"]
    (link,) = html.fragments_fromstring(texts["html"])
    assert link.get("href") == f"{_site()}/challenge/saison-2/{name}"
    picture = link.find("img").get("src")
    assert picture == texts["url"] == f"{_site()}/challenge/badge/{name}.svg"
    assert link.find("img").get("alt") == "Commune 214500241, open data"
    assert texts["markdown"].endswith(f"]({picture})]({link.get('href')})")
    for address in (link.get("href"), picture):
        assert browser().get(address.removeprefix(_site())).status_code == 200
    shown = page.xpath("//div[contains(@class, 'bg-')]//img/@src")
    assert shown == [f"{picture}?theme=light", f"{picture}?theme=dark"]


def test_what_is_chosen_is_in_the_texts(
    browser: Callable[..., Any], world: Any
) -> None:
    name = world.participant["organization_name"]
    query = "?style=badge&badge=engagee&theme=dark&lang=en"
    texts = _snippets(_page(browser().get(f"/challenge/badge/{name}{query}")))
    (link,) = html.fragments_fromstring(texts["html"])
    # A badge leads to its proof.
    assert link.get("href") == f"{_site()}/en/challenge/awards/{world.award['id']}"
    for part in ("style=badge", "badge=engagee", "theme=dark", "lang=en"):
        assert part in texts["url"]
    assert "Committed" in link.find("img").get("alt")
    # What is not known counts as not said.
    odd = _page(browser().get(f"/challenge/badge/{name}?style=x&badge=y&lang=zz"))
    assert _snippets(odd)["url"] == f"{_site()}/challenge/badge/{name}.svg"


def test_a_title_stays_a_text_in_all_of_them(
    browser: Callable[..., Any], world: Any
) -> None:
    title = '"><script>alert(1)</script>](https://example.org)'
    call_as(
        world.people["sysadmin"],
        "organization_patch",
        id=world.participant["organization_id"],
        title=title,
    )
    name = world.participant["organization_name"]
    page = _page(browser().get(f"/challenge/badge/{name}"))
    assert not [code for code in page.xpath("//script/text()") if "alert(1)" in code]
    texts = _snippets(page)
    (link,) = html.fragments_fromstring(texts["html"])
    assert [element.tag for element in link.iter()] == ["a", "img"]
    assert title in link.find("img").get("alt")
    assert "\\](https://example.org)" in texts["markdown"]
    assert "\\<script>" in texts["markdown"]


def test_who_has_nothing_to_show_reads_how_to_get_it(
    browser: Callable[..., Any], world: Any
) -> None:
    group = factories.Organization()
    page = _page(browser().get(f"/challenge/badge/{group['name']}"))
    assert not _snippets(page)
    assert page.xpath("//div[@class='challenge-empty']//a/@href") == [
        "/challenge/badges"
    ]
    assert browser().get("/challenge/badge/nowhere").status_code == 404


def _oembed(browser: Callable[..., Any], url: str, more: str = "") -> Any:
    return browser().get(f"/challenge/oembed?url={quote(url, safe='')}{more}")


def test_oembed_answers_for_each_page_that_announces_it(
    browser: Callable[..., Any], world: Any
) -> None:
    award = f"/challenge/awards/{world.award['id']}"
    name = world.participant["organization_name"]
    for path in (
        "/challenge/saison-2",
        world.url,
        award,
        f"/en{award}",
        f"/challenge/badge/{name}",
        f"/organization/challenge/{name}",
    ):
        page = _page(browser().get(path))
        (announced,) = page.xpath("//link[@type='application/json+oembed']/@href")
        assert page.xpath("//link[@type='text/xml+oembed']/@href")
        answer = browser().get(announced.removeprefix(_site()))
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        told = json.loads(answer.data)
        assert (told["version"], told["type"]) == ("1.0", "photo")
        assert told["title"] and told["provider_name"]
        picture = browser().get(told["url"].removeprefix(_site()))
        assert picture.headers["Content-Type"].startswith("image/")
        if path.startswith("/en/"):
            assert "Committed" in told["title"]
            assert b"Committed" in picture.data


def test_oembed_keeps_to_a_size_and_a_format(
    browser: Callable[..., Any], world: Any
) -> None:
    url = _site() + world.url
    natural = json.loads(_oembed(browser, url).data)
    assert (natural["width"], natural["height"]) == (320, 104)
    small = json.loads(_oembed(browser, url, "&maxwidth=160&maxheight=9000").data)
    assert (small["width"], small["height"]) == (160, 52)
    root = etree.fromstring(_oembed(browser, url, "&format=xml").data)
    assert root.tag == "oembed"
    assert root.findtext("title") == natural["title"]
    assert _oembed(browser, url, "&format=yaml").status_code == 501
    assert _oembed(browser, url, "&maxwidth=-1").status_code == 400
    assert browser().get("/challenge/oembed").status_code == 400


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example.org/challenge/saison-2",
        "{site}.evil.example/challenge/saison-2",
        "{site}@evil.example/challenge/saison-2",
        "{site}/challenge/nowhere",
        "{site}/challenge/saison-2/nobody",
        "{site}/challenge/awards/nothing",
        "{site}/about",
        "{site}/challenge/manage",
        "{site}/%00",
        "javascript:alert(1)",
        "//",
        "http://[",
        "x" * 3000,
    ],
)
def test_oembed_knows_nothing_of_other_addresses(
    browser: Callable[..., Any], world: Any, url: str
) -> None:
    assert _oembed(browser, url.format(site=_site())).status_code == 404


def test_what_is_shared_has_a_card(browser: Callable[..., Any], world: Any) -> None:
    award = f"/challenge/awards/{world.award['id']}"
    seen = set()
    for path in ("/challenge/saison-2", world.url, award, f"/en{world.url}"):
        page = _page(browser().get(path))
        told = {
            meta.get("property") or meta.get("name"): meta.get("content")
            for meta in page.xpath("//head/meta[@property or @name]")
        }
        assert told["og:title"] and told["og:description"]
        assert told["og:url"] == _site() + path
        assert told["twitter:card"] == "summary_large_image"
        card = browser().get(told["og:image"].removeprefix(_site()))
        assert card.headers["Content-Type"] == "image/png"
        assert struct.unpack(">II", card.data[16:24]) == (1200, 630)
        assert "Set-Cookie" not in card.headers
        seen.add(card.headers["ETag"])
        again = browser().get(
            told["og:image"].removeprefix(_site()),
            headers={"If-None-Match": card.headers["ETag"]},
        )
        assert (again.status_code, again.data) == (304, b"")
    assert len(seen) == 4


def test_a_card_is_drawn_once(browser: Callable[..., Any], world: Any) -> None:
    path = f"/challenge/awards/{world.award['id']}/card.png"
    first = browser().get(path)
    with sent_statements() as sent:
        assert browser().get(path).data == first.data
    # It is only asked whether it is still right.
    own = [statement for statement in sent if "challenge_" in statement]
    assert len(own) == 1 and "AS version" in own[0]
    call_as(
        world.people["manager"],
        "challenge_award_revoke",
        id=world.award["id"],
        reason="Pour la démonstration",
    )
    assert browser().get(path).headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    "path",
    [
        "/challenge/nowhere/card.png",
        "/challenge/saison-2/nobody/card.png",
        "/challenge/awards/nothing/card.png",
    ],
)
def test_there_is_no_card_of_nothing(
    browser: Callable[..., Any], world: Any, path: str
) -> None:
    assert browser().get(path).status_code == 404

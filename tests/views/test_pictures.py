"""The embeddable shield."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]
from seasons import call_as

from benchmarks.statements import sent_statements
from ckanext.challenge import memory

SVG = "{http://www.w3.org/2000/svg}"


def _url(world: Any, query: str = "") -> str:
    return f"/challenge/badge/{world.participant['organization_name']}.svg{query}"


def test_it_says_how_far_the_organization_is(
    browser: Callable[..., Any], world: Any
) -> None:
    answer = browser().get(_url(world, "?cohort=saison-2"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    root = etree.fromstring(answer.data)
    assert root.get("role") == "img"
    assert root.get("height") == "20"
    title = root.findtext(f"{SVG}title")
    assert title and "Commune 214500241" in title
    assert root.findtext(f"{SVG}desc")
    texts = root.findall(f".//{SVG}text")
    assert texts[0].text == "open data"
    assert "/16" in str(texts[1].text)
    sizes = root.xpath("//@font-size")
    assert sizes and all(float(size) >= 11 for size in sizes)
    named = root.get("aria-labelledby").split()
    assert named == [element.get("id") for element in root[:2]]


def test_its_language_can_be_chosen(browser: Callable[..., Any], world: Any) -> None:
    english = browser().get(_url(world, "?lang=en")).get_data(as_text=True)
    french = browser().get(_url(world, "?lang=fr")).get_data(as_text=True)
    assert "steps" in english
    assert "étapes" in french
    assert browser().get(_url(world, "?lang=xx")).get_data(as_text=True) == french


def test_any_cache_and_any_site_may_have_it(
    browser: Callable[..., Any], world: Any
) -> None:
    for reader in (browser(), browser("member")):
        answer = reader.get(
            _url(world), headers={"Origin": "https://www.baule.example.org"}
        )
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers


def test_a_matching_etag_is_a_304(browser: Callable[..., Any], world: Any) -> None:
    visitor = browser()
    first = visitor.get(_url(world))
    again = visitor.get(_url(world), headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data
    assert again.headers["ETag"] == first.headers["ETag"]
    call_as(
        world.people["member"],
        "challenge_step_update",
        participant=world.participant["id"],
        step="elu-referent",
        state="done",
    )
    changed = visitor.get(_url(world), headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    "title", ['"><script>alert(1)</script>', "]]>&amp;<desc>", "Saint-Maur \u202e"]
)
def test_a_title_cannot_inject_markup(
    browser: Callable[..., Any], world: Any, title: str
) -> None:
    call_as(
        world.people["sysadmin"],
        "organization_patch",
        id=world.participant["organization_id"],
        title=title,
    )
    answer = browser().get(_url(world))
    root = etree.fromstring(answer.data)
    assert not root.findall(f".//{SVG}script")
    assert title in str(root.findtext(f"{SVG}title"))
    page = browser().get("/challenge/saison-2").get_data(as_text=True)
    assert "<script>alert(1)</script>" not in page


def test_it_takes_one_statement(browser: Callable[..., Any], world: Any) -> None:
    visitor = browser()
    visitor.get(_url(world))
    memory.forget_all()
    with sent_statements() as sent:
        visitor.get(_url(world))
    own = [statement for statement in sent if "challenge_" in statement]
    assert len(own) == 1
    # CKAN itself reads its settings at each request.
    assert len(sent) <= 2


def test_no_shield_without_a_season(browser: Callable[..., Any], world: Any) -> None:
    assert browser().get(_url(world, "?cohort=saison-3")).status_code == 404
    call_as(
        world.people["manager"],
        "challenge_participant_withdraw",
        id=world.participant["id"],
    )
    assert browser().get(_url(world)).status_code == 404

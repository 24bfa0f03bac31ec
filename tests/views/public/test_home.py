"""The portal's home: the region's where it is asked for, else CKAN's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from helpers.progress import make_award
from lxml import html  # pyright: ignore[reportAttributeAccessIssue]

from benchmarks.statements import sent_statements
from ckanext.challenge.common import page_cache

ON = pytest.mark.ckan_config("ckanext.challenge.home", True)


@pytest.fixture(autouse=True)
def _anew() -> None:
    page_cache.forget_all()


def _home(browser: Any, path: str = "/en/") -> Any:
    answer = browser.get(path)
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _text(element: Any) -> str:
    return " ".join(element.text_content().split())


def test_it_is_off_unless_asked_for(browser: Callable[..., Any], world: Any) -> None:
    page = _home(browser())
    assert not page.find_class("challenge-home")
    assert page.find_class("hero")


@ON
def test_search_comes_first_and_all_is_there(
    browser: Callable[..., Any], world: Any
) -> None:
    page = _home(browser())
    assert not page.find_class("hero")
    assert "Welcome" not in page.findtext(".//title")
    (home,) = page.find_class("challenge-home")
    assert home.get("role") == "main"
    assert home.xpath(".//form/@action")[0] == "/en/dataset/"
    headings = [_text(heading) for heading in home.iter("h2")]
    assert headings == [
        "The region at a glance",
        "Newly opened data",
        "They have just earned a badge",
        "You publish? Begin with a kit",
    ]
    (season,) = home.find_class("challenge-home__season")
    assert _text(season).startswith("Saison 3: collectivités can apply until")
    assert {_text(link): link.get("href") for link in season.iter("a")}["Apply"] == (
        "/en/challenge/saison-3/apply"
    )
    assert world.dataset["name"] in home.xpath(
        ".//section[@aria-labelledby='home-data']//h3/a/@href"
    )[0].rsplit("/", 1)
    assert f"/en/challenge/awards/{world.award['id']}" in home.xpath(".//li//a/@href")


@ON
def test_all_read_the_same_and_those_who_write_read_what_is_new(
    browser: Callable[..., Any], world: Any
) -> None:
    seen = []
    for role in (None, "member", "sysadmin"):
        (home,) = _home(browser(role)).find_class("challenge-home")
        seen.append(html.tostring(home))
    assert len(set(seen)) == 1
    factories.Dataset(
        owner_org=world.participant["organization_id"], title="Tout nouveau"
    )
    factories.Dataset(
        owner_org=world.participant["organization_id"], title="Secret", private=True
    )
    (home,) = _home(browser()).find_class("challenge-home")
    assert "Tout nouveau" in _text(home)
    assert "Secret" not in _text(home)


@ON
def test_more_content_is_no_more_statements(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()

    def sent() -> int:
        _home(visitor)
        page_cache.forget_all()
        with sent_statements() as statements:
            _home(visitor)
        return len(statements)

    few = sent()
    for number in range(3):
        organization = factories.Organization()
        factories.Dataset(owner_org=organization["id"], title=f"Jeu {number}")
        make_award(organization["id"], "premiere-publication")
    model.Session.commit()
    assert sent() == few
    with sent_statements() as statements:
        _home(visitor)
    # What CKAN asks for its own page, and nothing for ours.
    assert not [text for text in statements if "FROM matching" in text]


@ON
def test_without_our_tables_it_is_ckans_own(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    model.Session.execute(sa.text("ALTER TABLE challenge_award RENAME TO elsewhere"))
    model.Session.commit()
    try:
        assert _home(visitor).find_class("hero")
    finally:
        model.Session.execute(
            sa.text("ALTER TABLE elsewhere RENAME TO challenge_award")
        )
        model.Session.commit()

"""The map of the site, as another program reads it, and what robots leave alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import pytest
from ckan.tests import factories
from usp.objects.sitemap import (  # pyright: ignore[reportMissingImports]
    IndexXMLSitemap,
    InvalidSitemap,
)
from usp.tree import sitemap_from_str  # pyright: ignore[reportMissingImports]

from benchmarks.statements import sent_statements
from ckanext.challenge.common import page_cache
from ckanext.challenge.views.public import sitemap


@pytest.fixture(autouse=True)
def _anew() -> None:
    page_cache.forget_all()


def _xml(browser: Any, url: str) -> Any:
    answer = browser.get(urlsplit(url).path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/xml")
    found = sitemap_from_str(answer.get_data(as_text=True))
    assert not isinstance(found, InvalidSitemap)
    return found


def _pages(browser: Any) -> dict[str, Any]:
    """The pages of all maps that the index names, by their addresses."""
    text = browser.get("/sitemap.xml").get_data(as_text=True)
    urls = [part.partition("</loc>")[0] for part in text.split("<loc>")[1:]]
    return {page.url: page for url in urls for page in _xml(browser, url).all_pages()}


def test_the_index_is_one(browser: Callable[..., Any], world: Any) -> None:
    found = sitemap_from_str(browser().get("/sitemap.xml").get_data(as_text=True))
    assert isinstance(found, IndexXMLSitemap)


def test_all_that_is_public_is_there_and_answers(
    browser: Callable[..., Any], world: Any
) -> None:
    secret = factories.Dataset(
        owner_org=world.participant["organization_id"], private=True
    )
    visitor = browser()
    pages = _pages(visitor)
    paths = {urlsplit(url).path: page for url, page in pages.items()}
    organization = world.participant["organization_name"]
    for path in (
        "/",
        "/challenge",
        "/challenge/data",
        "/challenge/saison-2",
        f"/challenge/saison-2/{organization}",
        "/challenge/badges/engagee",
        "/challenge/kits/deliberations",
        "/challenge/collectivite/214500241",
        f"/organization/{organization}",
        f"/dataset/{world.dataset['name']}",
    ):
        assert path in paths, path
        assert visitor.get(path).status_code == 200, path
    assert paths[f"/dataset/{world.dataset['name']}"].last_modified
    assert f"/dataset/{secret['name']}" not in paths
    robots = RobotFileParser()
    text = visitor.get("/robots.txt").get_data(as_text=True)
    robots.parse(text.splitlines())
    assert not [path for path in paths if not robots.can_fetch("*", path)]
    for path in ("/challenge/manage", "/challenge/application", "/api/3"):
        assert not robots.can_fetch("*", path), path
    (named,) = robots.site_maps() or []
    assert urlsplit(named).path == "/sitemap.xml"
    assert urlsplit(named).netloc


def test_it_comes_in_pages(
    browser: Callable[..., Any], world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = set(_pages(browser()))
    monkeypatch.setattr(sitemap, "SIZE", 1)
    page_cache.forget_all()
    assert set(_pages(browser())) == whole
    for path in ("dataset-99", "dataset-0", "dataset--1", "secrets-1", "pages-2"):
        assert browser().get(f"/sitemap-{path}.xml").status_code == 404, path


def test_more_datasets_are_no_more_statements(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()

    def sent() -> int:
        visitor.get("/sitemap-dataset-1.xml")
        page_cache.forget_all()
        with sent_statements() as statements:
            visitor.get("/sitemap-dataset-1.xml")
        return len(statements)

    few = sent()
    for _ in range(3):
        factories.Dataset(owner_org=world.participant["organization_id"])
    assert sent() == few

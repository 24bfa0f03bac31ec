"""The map of what is open, as a picture and as a page."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ckan import model
from factories import call_as
from helpers.outlines import load_squares
from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]
from sqlalchemy import event

from ckanext.challenge.common import page_cache
from ckanext.challenge.model import Conformity
from ckanext.challenge.observatory import store
from ckanext.challenge.views.public import maps

PAGE = "/challenge/observatory/map"
PICTURE = "/challenge/observatory/map.svg"


@pytest.fixture
def loaded(world: Any) -> None:
    load_squares()


def _groups(answer: Any) -> dict[str, int]:
    root = etree.fromstring(answer.data)
    found = {group.get("data-class"): len(group) for group in root.iter("{*}g")}
    return {name: number for name, number in found.items() if name}


@pytest.mark.usefixtures("loaded")
def test_the_action_says_what_is_where(world: Any) -> None:
    shown = call_as(None, "challenge_map_show")
    assert shown["counts"] == {"conforming": 0, "open": 0, "none": 4}
    assert len(shown["shapes"]) == 4
    assert len(shown["borders"]) == 4
    assert call_as(None, "challenge_map_show", outlines="false").get("shapes") is None
    listed = call_as(None, "challenge_map_list")
    assert {"level": "commune", "departement": "45"} in listed["results"]
    assert listed["count"] == len(listed["results"]) == 6


@pytest.mark.usefixtures("loaded")
def test_a_place_is_coloured_by_what_it_has_published(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    before = visitor.get(PICTURE)
    assert _groups(before) == {"none": 4}
    organization = world.participant["organization_id"]
    call_as(
        world.people["sysadmin"],
        "organization_patch",
        id=organization,
        siren="214500241",
    )
    store.refresh()
    page_cache.forget_all()
    after = visitor.get(PICTURE)
    assert _groups(after) == {"open": 1, "none": 3}
    assert after.headers["ETag"] != before.headers["ETag"]
    file = world.dataset["resources"][0]["id"]
    call_as(
        world.people["sysadmin"], "resource_patch", id=file, schema="scdl/deliberations"
    )
    model.Session.merge(
        Conformity(
            resource_id=file,
            schema="scdl/deliberations",
            status="valid",
        )
    )
    model.Session.flush()
    store.refresh()
    model.Session.commit()
    page_cache.forget_all()
    assert _groups(visitor.get(PICTURE)) == {"conforming": 1, "none": 3}
    shares = call_as(None, "challenge_map_show", level="departement")["classes"]
    assert shares == {
        "45": "share-3",
        "36": "share-0",
        "18": "share-0",
        "41": "share-0",
    }
    page = html.document_fromstring(visitor.get(PAGE).get_data(as_text=True))
    (row,) = page.xpath("//table[contains(@class, 'challenge-table')]/tbody/tr")
    assert "Baule" in row.text_content()


@pytest.mark.usefixtures("loaded")
def test_a_version_has_an_address_that_is_kept_for_a_year(
    browser: Callable[..., Any],
) -> None:
    visitor = browser()
    page = html.document_fromstring(visitor.get(PAGE).get_data(as_text=True))
    (image,) = page.xpath("//figure/img")
    assert "4" in image.get("alt")
    answer = visitor.get(image.get("src"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000"
    assert "Set-Cookie" not in answer.headers
    assert visitor.get(PICTURE).headers["Cache-Control"] == "public, max-age=300"
    same = visitor.client.get(
        image.get("src"), headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert same.status_code == 304
    packed = visitor.client.get(image.get("src"), headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.data) == answer.data
    assert packed.headers["ETag"] != answer.headers["ETag"]


@pytest.mark.usefixtures("loaded")
def test_one_map_is_kept_once_however_it_is_asked_for(
    browser: Callable[..., Any],
) -> None:
    visitor = browser()
    for code in ("45", "45%20", "%20%2045"):
        assert visitor.get(f"{PAGE}?departement={code}").status_code == 200
        assert visitor.get(f"{PICTURE}?departement={code}").status_code == 200
    assert [*maps._answers._kept] == ["list", ("commune", "45")]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    "query",
    ["level=nothing", "departement=99", "departement=75", "level=epci", "level=%00"],
)
def test_there_is_no_other_map(browser: Callable[..., Any], query: str) -> None:
    for path in (PAGE, PICTURE):
        assert browser().get(f"{path}?{query}").status_code == 404


@pytest.mark.usefixtures("world")
def test_without_outlines_there_is_no_map(browser: Callable[..., Any]) -> None:
    for path in (PAGE, PICTURE):
        assert browser().get(path).status_code == 404
    assert call_as(None, "challenge_map_list") == {"count": 0, "results": []}


@contextmanager
def _counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    engine = model.ensure_engine()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_larger_map_asks_no_more_of_the_database(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    numbers = []
    for codes in (["45024"], ["45024", "36159", "18127", "41116"]):
        load_squares(codes)
        visitor.get(PAGE)
        page_cache.forget_all()
        with _counted() as statements:
            assert visitor.get(PAGE).status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]

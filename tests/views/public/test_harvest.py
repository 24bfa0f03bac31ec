"""Data that travels: to other portals, and from them."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from ckan.tests import factories
from factories import call_as
from helpers.browser import Browser, World
from helpers.catalogue import PLUGINS

from ckanext.challenge import measures
from ckanext.challenge.domain.measurement import Subject


def page_of(browser: Browser, path: str) -> BeautifulSoup:
    answer = browser.client.get(path, follow_redirects=True)
    assert answer.status_code == 200, path
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")


def addresses(page: BeautifulSoup) -> list[str]:
    return [area.get_text() for area in page.select("#own-catalogue-address")]


@pytest.mark.ckan_config("ckan.plugins", PLUGINS)
def test_people_of_an_organization_get_the_address_of_its_catalogue(
    app: Any, world: World
) -> None:
    name = world.participant["organization_name"]
    member = Browser(app).sign_in(world.people["member"])
    stranger = Browser(app).sign_in(world.people["stranger"])
    for path in (world.url, f"/organization/challenge/{name}"):
        (address,) = addresses(page_of(member, path))
        assert address.endswith(f"/catalog.xml?fq=organization:{name}")
        answer = stranger.client.get("/catalog" + address.partition("/catalog")[2])
        assert answer.status_code == 200
        assert world.dataset["id"] in answer.get_data(as_text=True)
        assert addresses(page_of(stranger, path)) == []


def test_without_ckanext_dcat_there_is_none(app: Any, world: World) -> None:
    member = Browser(app).sign_in(world.people["member"])
    assert addresses(page_of(member, world.url)) == []


def test_the_desk_tells_how_europe_counts_the_portal(app: Any, world: World) -> None:
    admin = Browser(app).sign_in(world.people["sysadmin"])
    assert page_of(admin, "/challenge/manage").select("#europe") == []
    (title,) = page_of(admin, "/challenge/manage?europe=1").select("#europe")
    assert "405" in title.get_text()
    manager = Browser(app).sign_in(world.people["manager"])
    assert page_of(manager, "/challenge/manage?europe=1").select("#europe") == []


def test_what_was_copied_counts_and_is_told_apart(app: Any, world: World) -> None:
    """Extras say so, whether or not ckanext-harvest is there that wrote them."""
    organization = world.participant["organization_id"]
    extras = [
        {"key": "harvest_object_id", "value": "1"},
        {"key": "harvest_source_id", "value": "2"},
        {"key": "harvest_source_title", "value": "Portail du Loiret"},
    ]
    before = call_as(None, "challenge_mqa_show", organization=organization)
    copied = factories.Dataset(owner_org=organization, extras=extras, title="Copie")
    nameless = factories.Dataset(owner_org=organization, extras=extras[:1])
    after = call_as(None, "challenge_mqa_show", organization=organization)
    assert after["datasets"] == before["datasets"] + 2
    subject = Subject(organization)
    found = measures.measure(["datasets_public"], [subject])["datasets_public"]
    assert found[subject].value == after["datasets"]
    assert {copied["id"], nameless["id"]} <= set(found[subject].passing)

    reader = Browser(app)
    for dataset, words in (
        (copied, "Portail du Loiret"),
        (nameless, "another portal"),
    ):
        page = page_of(reader, f"/en/dataset/{dataset['name']}")
        assert f"Copied from {words}" in page.get_text()
    page = page_of(reader, f"/en/dataset/{world.dataset['name']}")
    assert "Copied from" not in page.get_text()
    page = page_of(reader, "/en/challenge/saison-2/data")
    assert "Copied from Portail du Loiret" in page.get_text()

"""What other programs find in the head of pages: extruct reads them, oEmbed answers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import extruct
import pytest
from ckan.tests import factories
from factories import BAULE
from lxml import html  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.common import page_cache


@pytest.fixture
def town(world: Any) -> dict[str, Any]:
    page_cache.forget_all()
    return factories.Organization(title="Mairie de Baule", siren=BAULE)


@pytest.fixture
def dataset(town: dict[str, Any]) -> dict[str, Any]:
    return factories.Dataset(
        owner_org=town["id"],
        title="Budget <2026>",
        notes="Les dépenses & les recettes.",
        spatial_insee="45024, 36999",
        temporal_start="2026-01-01",
    )


def _read(browser: Any, path: str) -> dict[str, Any]:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return extruct.extract(
        answer.get_data(as_text=True),
        base_url="http://test.ckan.net",
        syntaxes=["json-ld", "opengraph"],
        uniform=True,
    )


def test_a_dataset_says_where_when_and_who(
    browser: Callable[..., Any], dataset: dict[str, Any]
) -> None:
    (said,) = _read(browser(), f"/dataset/{dataset['name']}")["json-ld"]
    assert said["@type"] == "Dataset"
    assert said["temporalCoverage"] == "2026-01-01/.."
    known, unknown = said["spatialCoverage"]
    assert (known["@type"], known["name"]) == ("AdministrativeArea", "Baule")
    assert known["identifier"]["value"] == "45024"
    assert "name" not in unknown
    assert said["publisher"]["@type"] == "GovernmentOrganization"
    assert said["publisher"]["iso6523Code"] == f"0002:{BAULE}"


def test_an_organization_says_who_it_is(
    browser: Callable[..., Any], town: dict[str, Any]
) -> None:
    (said,) = _read(browser(), f"/organization/{town['name']}")["json-ld"]
    assert said["@type"] == "GovernmentOrganization"
    assert said["iso6523Code"] == f"0002:{BAULE}"


@pytest.mark.parametrize("kind", ["dataset", "organization"])
def test_who_shares_a_page_shows_its_card(
    browser: Callable[..., Any],
    town: dict[str, Any],
    dataset: dict[str, Any],
    kind: str,
) -> None:
    visitor = browser()
    name = {"dataset": dataset, "organization": town}[kind]["name"]
    path = f"/{kind}/{name}"
    (said,) = _read(visitor, path)["opengraph"]
    assert urlsplit(said["og:url"]).path.endswith(path)
    assert said["og:title"]
    answer = visitor.get(urlsplit(said["og:image"]).path)
    assert answer.headers["Content-Type"] == "image/png"
    assert struct.unpack(">II", answer.data[16:24]) == (1200, 630)
    page = html.document_fromstring(visitor.get(path).get_data(as_text=True))
    (link,) = page.xpath("//link[@type='application/json+oembed']/@href")
    parts = urlsplit(link)
    told = visitor.get(f"{parts.path}?{parts.query}").get_json()
    assert (told["type"], told["version"]) == ("photo", "1.0")
    assert urlsplit(told["url"]).path.startswith("/")
    assert told["author_name"] == "Mairie de Baule"


def test_what_is_private_has_no_card(
    browser: Callable[..., Any], town: dict[str, Any]
) -> None:
    secret = factories.Dataset(owner_org=town["id"], private=True)
    visitor = browser()
    assert visitor.get(f"/challenge/dataset/{secret['name']}/card.png").status_code == (
        404
    )
    url = f"http://test.ckan.net/dataset/{secret['name']}"
    assert visitor.get(f"/challenge/oembed?url={url}").status_code == 404
    page = browser("sysadmin").get(f"/dataset/{secret['name']}")
    assert "og:image" not in page.get_data(as_text=True)


def test_each_public_page_has_one_address_and_names_its_languages(
    browser: Callable[..., Any],
    world: Any,
    dataset: dict[str, Any],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor = browser()
    season = f"/challenge/{world.cohort['name']}"
    for path, canonical in (
        ("/?utm_source=x", "/"),
        ("/about", "/about"),
        (f"/dataset/{dataset['name']}?x=1", f"/dataset/{dataset['name']}"),
        ("/challenge", "/challenge"),
        (f"{season}?view=table&sort=name", season),
        ("/challenge/data?departement=45&x=1", "/challenge/data?departement=45"),
        ("/challenge/kits/budget", "/challenge/kits/budget"),
        (f"/challenge/collectivite/{BAULE}", f"/challenge/collectivite/{BAULE}"),
    ):
        page = html.document_fromstring(visitor.get(path).get_data(as_text=True))
        (link,) = page.xpath("//link[@rel='canonical']/@href")
        parts = urlsplit(link)
        asked = f"{parts.path}?{parts.query}" if parts.query else parts.path
        assert asked == canonical, path
        languages = {
            alternate.get("hreflang"): alternate.get("href")
            for alternate in page.xpath("//link[@rel='alternate'][@hreflang]")
        }
        assert {"fr", "en", "x-default"} <= set(languages), path
        own = ckan_config["ckan.locale_default"]
        assert languages["x-default"] == languages[own]
        other = next(code for code in ("fr", "en") if code != own)
        assert f"/{other}" in languages[other]
        assert visitor.get(urlsplit(languages[other]).path).status_code == 200
    for path in ("/challenge/saison-0", "/user/login", "/challenge/subscription"):
        text = visitor.get(path).get_data(as_text=True)
        assert "canonical" not in text, path


def test_the_dates_can_be_followed(browser: Callable[..., Any], world: Any) -> None:
    visitor = browser()
    for path in (
        f"/challenge/{world.cohort['name']}",
        f"/challenge/{world.cohort['name']}/{world.participant['organization_name']}",
    ):
        page = html.document_fromstring(visitor.get(path).get_data(as_text=True))
        (link,) = page.xpath("//link[@rel='alternate'][@type='text/calendar']/@href")
        assert visitor.get(link).headers["Content-Type"].startswith("text/calendar")
        (webcal,) = page.xpath("//a[starts-with(@href, 'webcal:')]/@href")
        assert urlsplit(webcal).path == link
        assert urlsplit(webcal).netloc

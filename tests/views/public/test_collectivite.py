"""The page of a collectivité, of whatever it has done."""

from __future__ import annotations

from typing import Any

import pytest
from ckan import model
from factories import BAULE, LIGNIERES, make_cohort
from helpers.progress import publish
from helpers.region import EPCI, make_region, make_town
from lxml import html

from ckanext.challenge.model import Collectivite
from ckanext.challenge.observatory import store

pytestmark = pytest.mark.usefixtures("region")


@pytest.fixture
def region(with_plugins: Any, clean_db: Any, clean_index: Any) -> None:
    make_region()


def _refresh() -> None:
    store.refresh()
    model.Session.commit()


def _page(app: Any, siren: str = BAULE, lang: str = "en") -> Any:
    answer = app.get(f"/{lang}/challenge/collectivite/{siren}")
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _text(page: Any) -> str:
    return " ".join(page.xpath("//*[@role='main']")[0].text_content().split())


def _links(page: Any) -> dict[str, str]:
    return {
        " ".join(link.text_content().split()): link.get("href")
        for link in page.xpath("//*[@role='main']//a")
    }


@pytest.mark.ckan_config("ckanext.challenge.contact", "donnees@region.example")
def test_one_that_has_done_nothing_yet(app: Any) -> None:
    make_cohort("open", name="saison-9", title="Saison 9")
    _refresh()
    page = _page(app)
    text, links = _text(page), _links(page)
    assert "Has not opened data here yet" in text
    assert "Open data and the law" in text
    assert "What it could open first" in text
    # Its people can go on from here.
    assert links["Apply to: Saison 9"].endswith(f"/saison-9/apply?siren={BAULE}")
    for door in ("Ask for your organization", "Report an error"):
        assert links[door].startswith("mailto:donnees@region.example?subject=")
        assert BAULE in links[door]
    # Those around are links.
    assert links["CC des Terres du Val de Loire"].endswith(EPCI)
    assert f"/en/challenge/collectivite/{LIGNIERES[1]}" in links.values()
    assert f"epci={EPCI}" in links["See them in the observatory"]


def test_no_door_leads_nowhere(app: Any) -> None:
    _refresh()
    links = _links(_page(app))
    assert not [text for text in links if "Apply" in text or "error" in text]


def test_what_it_opens_is_there_at_once(app: Any) -> None:
    _refresh()
    assert "Its latest data" not in _text(_page(app))
    town = make_town(BAULE)
    publish(town["id"], title="Nos délibérations & <arrêtés>", challenge_kit="budget")
    _refresh()
    page = _page(app)
    assert "Nos délibérations & <arrêtés>" in _text(page)
    assert "Data opened" in _text(page)
    assert "What it could open next" in _text(page)
    # Also where it takes part in no season.
    assert _links(page)["Data of this collectivité"].endswith(town["name"])


def test_a_commune_without_siren_has_a_page(app: Any) -> None:
    model.Session.add(
        Collectivite(
            code="98716",
            insee_code="98716",
            name="Bora-Bora",
            kind="commune",
            departement="987",
            region="",
            postcodes=["98730"],
            vintage=2026,
            search_key="bora bora",
        )
    )
    model.Session.commit()
    assert "Bora-Bora" in _text(_page(app, "98716"))


def test_what_is_no_siren_is_no_page(app: Any) -> None:
    for siren in ("x", "123", "%00", "99999999999999999999", "٢١٤٥٠٠٢٤١"):
        assert app.get(f"/en/challenge/collectivite/{siren}").status_code == 404
    spaced = f"/en/challenge/collectivite/{BAULE[:3]}%20{BAULE[3:]}"
    answer = app.get(spaced, follow_redirects=False)
    assert (answer.status_code, answer.location.endswith(BAULE)) == (301, True)

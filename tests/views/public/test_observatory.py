"""The page of the observatory, and what is filtered as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from factories import BAULE, LIGNIERES, POINCONNET, make_cohort
from helpers.browser import Browser
from helpers.region import EPCI, make_region, make_town, take_part
from lxml import html  # pyright: ignore[reportAttributeAccessIssue]

from benchmarks.statements import sent_statements
from ckanext.challenge import config
from ckanext.challenge.common import page_cache
from ckanext.challenge.model import Collectivite
from ckanext.challenge.observatory import snapshots, store
from ckanext.challenge.views.public import observatory

MakeBrowser = Callable[..., Browser]

PAGE = "/en/challenge/observatory"


@pytest.fixture(autouse=True)
def region(with_plugins: Any, clean_db: Any, clean_index: Any) -> None:
    """Le Poinçonnet publishes and takes part; the EPCI publishes."""
    make_region()
    make_town(EPCI, 2)
    take_part(make_cohort("running"), make_town(POINCONNET, 1))
    store.refresh()
    model.Session.commit()
    page_cache.forget_all()


@pytest.fixture
def reader(app: Any) -> Browser:
    return Browser(app)


def _page(reader: Browser, query: str = "", status: int = 200) -> Any:
    answer = reader.get(f"{PAGE}{query}")
    assert answer.status_code == status, answer.text[:500]
    return html.document_fromstring(answer.text)


def _rows(page: Any) -> list[str]:
    table = page.xpath("//section[@aria-labelledby='collectivites']//table")[0]
    return table.xpath(".//tbody/tr/th/a/text()")


def _tiles(page: Any) -> list[str]:
    return [one.text_content() for one in page.xpath("//*[@class='challenge-tile']")]


def _text(page: Any) -> str:
    return " ".join(page.xpath("//div[@role='main']")[0].text_content().split())


def test_the_denominator_and_both_readings_are_printed(reader: Browser) -> None:
    text = _text(_page(reader))
    assert "2 of the 2 collectivités that the law obliges to publish" in text
    assert "(100%)" in text
    assert "more than 3,500 inhabitants, which is known of all" in text
    assert "0 of 0 known; of 2 the number of agents is missing" in text


def test_the_picture_and_the_tables_say_the_same(reader: Browser) -> None:
    page = _page(reader)
    (image,) = page.xpath("//*[@role='img' and contains(@class, 'challenge-tiles')]")
    (description,) = page.xpath("//*[@id=$id]", id=image.get("aria-describedby"))
    assert "Of 5 collectivités, 0 have opened data that conforms" in description.text
    assert _rows(page)[:2] == ["CC des Terres du Val de Loire", "Le Poinçonnet"]
    assert "Has not opened data here yet" in _text(page)
    for key in ("departement", "kind", "size", "epci"):
        assert page.xpath("//section[@aria-labelledby=$key]//tbody/tr", key=f"by-{key}")


def test_a_filter_has_its_address_and_its_files(reader: Browser) -> None:
    page = _page(reader, "?departement=36&publishes=true")
    assert _rows(page) == ["Le Poinçonnet"]
    assert "Indre (36)" in _text(page)
    links = page.xpath("//link[@rel='alternate']/@href")
    assert any("observatory.csv?departement=36&publishes=true" in one for one in links)
    assert page.xpath("//option[@value='36' and @selected]")
    assert _rows(_page(reader, "?q=lignieres")) == ["Lignières"] * 2
    assert "No collectivité matches" in _text(_page(reader, "?q=nowhere"))


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("departement=999", "Département"),
        ("epci=12", "EPCI"),
        ("kind=village", "Kind"),
        ("size=huge", "Size"),
        ("duty=maybe", "Duty to publish"),
        ("publishes=perhaps", "Publishes here"),
        ("badge=nonsense", "Badge"),
        ("sort=luck", "Sort by"),
    ],
)
def test_nonsense_is_told_and_nothing_of_it_is_kept(
    reader: Browser, query: str, label: str
) -> None:
    page = _page(reader, f"?{query}", status=400)
    (problem,) = page.xpath("//*[@role='alert']//li")
    assert problem.text_content().startswith(label)
    for kind in ("csv", "json", "geojson"):
        assert reader.get(f"{PAGE}.{kind}?{query}").status_code == 400
    assert not observatory._bodies._kept


def test_only_known_addresses_are_kept(reader: Browser) -> None:
    for query in ("?q=baule", "?page=77", "?utm=x", "?departement=36&page=9"):
        _page(reader, query)
    # Whatever the page does not read makes no other page.
    assert len(observatory._bodies._kept) == 1
    _page(reader, "?departement=36")
    assert len(observatory._bodies._kept) == 2
    for spaces in ("", "%20", "%20%20%20", ".", "-", "%E2%80%AF"):
        _page(reader, f"?epci=200{spaces}070{spaces}183")
    assert len(observatory._bodies._kept) == 3


def test_a_page_after_the_last_says_so(reader: Browser) -> None:
    for query in ("?page=77", "?departement=36&page=9"):
        text = _page(reader, query).text_content()
        assert "The list ends before this page" in text, query
        assert "No collectivité matches" not in text
        assert "once the directory is loaded" not in text


def test_a_kept_page_costs_one_statement_and_no_count(reader: Browser) -> None:
    _page(reader)
    with sent_statements() as sent:
        _page(reader)
    assert not [one for one in sent if "grouping" in one.lower()]
    make_town(BAULE, 1)
    store.refresh()
    model.Session.commit()
    (loiret,) = [one for one in _tiles(_page(reader)) if "Loiret" in one]
    assert "2 of 2" in loiret


def test_what_changed_in_a_year_is_told_with_its_sign(reader: Browser) -> None:
    today = config.today()
    snapshots.due(today.replace(year=today.year - 1, day=1))
    make_town(BAULE, 2)
    store.refresh()
    snapshots.due(today)
    model.Session.commit()
    page = _page(reader)
    assert "+2 in a year" in _text(page)
    assert "as a year ago" in _text(page)
    assert len(page.xpath("//*[local-name()='svg' and @role='img']")) == 5
    (table,) = page.xpath("//section[@aria-labelledby='history']//table")
    assert len(table.xpath(".//tbody/tr")) == 2
    # Of two filters together nobody kept the history.
    assert "in a year" not in _text(_page(reader, "?departement=36&kind=commune"))


def test_the_table_is_a_file_in_pieces(
    reader: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observatory, "_PIECE", 2)
    answer = reader.get(f"{PAGE}.csv?sort=name")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["siren"] for row in rows] == [BAULE, EPCI, POINCONNET, *LIGNIERES]
    (town,) = [row for row in rows if row["siren"] == POINCONNET]
    assert (town["datasets"], town["seasons"], town["duty"]) == (
        "1",
        "saison-2",
        "concerned",
    )


def test_json_has_the_figures_and_all_rows(
    reader: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observatory, "_PIECE", 2)
    answer = json.loads(reader.get(f"{PAGE}.json").text)
    assert answer["count"] == len(answer["results"]) == 5
    assert answer["figures"]["datasets"] == 3
    nobody = json.loads(reader.get(f"{PAGE}.json?q=nowhere").text)
    assert (nobody["count"], nobody["results"]) == (0, [])


def test_geojson_is_a_collection_of_features(reader: Browser) -> None:
    answer = reader.get(f"{PAGE}.geojson?departement=36")
    assert answer.headers["Content-Type"] == "application/geo+json"
    document = json.loads(answer.text)
    (feature,) = document["features"]
    assert (document["type"], feature["type"]) == ("FeatureCollection", "Feature")
    assert feature["geometry"] is None
    assert feature["properties"]["name"] == "Le Poinçonnet"


def test_the_statements_do_not_grow_with_what_is_shown(reader: Browser) -> None:
    def count(query: str) -> int:
        page_cache.forget_all()
        with sent_statements() as sent:
            _page(reader, query)
        return len(sent)

    _page(reader)
    assert count("?kind=cc") == count("?kind=commune")


def test_of_none_nothing_is_counted(reader: Browser) -> None:
    page = _page(reader, "?q=zzzz")
    assert "0 collectivités, with these filters" in _text(page)
    assert not page.xpath("//*[@class='challenge-hero__lead']")
    assert not page.xpath("//*[@class='challenge-figures']")
    assert not page.xpath("//meta[@name='description'][not(normalize-space(@content))]")


def test_where_none_is_obliged_it_says_who_opened_data(reader: Browser) -> None:
    text = _text(_page(reader, "?duty=unknown&publishes=no"))
    assert "to be obliged to publish, and none has opened data here." in text
    # What no dataset is a part of is no share.
    assert "– of the datasets" not in text
    text = _text(_page(reader, "?duty=concerned&publishes=yes"))
    assert "of the datasets" in text


def test_an_empty_directory_says_so(app: Any) -> None:
    model.Session.query(Collectivite).delete()
    model.Session.commit()
    assert "once the directory is loaded" in _text(_page(Browser(app)))

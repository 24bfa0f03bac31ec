"""The actions of the observatory: their figures are those that SQL counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    call_as,
    make_cohort,
    only_message,
)
from helpers.progress import make_award
from helpers.region import EPCI, make_town, take_part

from benchmarks.statements import sent_statements
from ckanext.challenge import config
from ckanext.challenge.common import addresses
from ckanext.challenge.directory import loader
from ckanext.challenge.directory.reader import read, shipped_file
from ckanext.challenge.model import Collectivite, Elsewhere, Observed
from ckanext.challenge.observatory import snapshots, store

pytestmark = pytest.mark.usefixtures("region")


def _show(**data: Any) -> Any:
    return call_as(None, "challenge_observatory_show", **data)


def _sirens(**data: Any) -> set[str]:
    return {row["siren"] for row in _show(**data)["results"]}


def _refresh() -> None:
    store.refresh()
    model.Session.commit()


@pytest.fixture
def season() -> dict[str, Any]:
    """Le Poinçonnet publishes and takes part; the EPCI publishes."""
    made = make_cohort("running")
    town = make_town(POINCONNET, 1)
    take_part(made, town)
    make_award(town["id"], "engagee", cohort_id=made["id"])
    make_town(EPCI, 2, agents="80")
    _refresh()
    return made


#: Each figure counted by itself, over the shipped region.
COUNTED = {
    "collectivites": "count(*)",
    "concerned": "count(*) FILTER (WHERE c.population > 3500)",
    "concerned_publishing": (
        "count(*) FILTER (WHERE c.population > 3500 AND d.number > 0)"
    ),
    "volunteers_publishing": (
        "count(*) FILTER (WHERE c.population <= 3500 AND d.number > 0)"
    ),
    "population": "sum(c.population) FILTER (WHERE c.kind = 'commune')",
    "population_covered": (
        "sum(c.population) FILTER (WHERE c.kind = 'commune' AND d.number > 0)"
    ),
    "population_covered_with_epci": (
        "sum(c.population) FILTER (WHERE c.kind = 'commune'"
        " AND (d.number > 0 OR e.number > 0))"
    ),
    "datasets": "sum(d.number)",
}

_DATASETS = """
    SELECT count(p.id) AS number FROM "group" g
    JOIN package p ON p.owner_org = g.id AND p.state = 'active' AND NOT p.private
    WHERE g.id IN (SELECT organization_id FROM challenge_observatory o
                   WHERE o.code = {})
"""


def _counted(where: str) -> dict[str, int]:
    columns = ", ".join(
        f"coalesce({sql}, 0) AS {name}" for name, sql in COUNTED.items()
    )
    row = model.Session.execute(
        sa.text(
            f"SELECT {columns} FROM challenge_collectivite c"
            f" CROSS JOIN LATERAL ({_DATASETS.format('c.siren')}) d"
            f" CROSS JOIN LATERAL ({_DATASETS.format('c.epci_siren')}) e WHERE {where}"
        )
    ).mappings()
    return {name: int(value) for name, value in row.one().items()}


@pytest.mark.parametrize(
    ("filters", "where"),
    [
        ({}, "TRUE"),
        ({"departement": "45"}, "c.departement = '45'"),
        ({"kind": "commune"}, "c.kind = 'commune'"),
        ({"size": "under_3500"}, "c.population < 3500"),
        ({"size": "3500_9999"}, "c.population BETWEEN 3500 AND 9999"),
        ({"epci": EPCI}, f"'{EPCI}' IN (c.siren, c.epci_siren)"),
        ({"publishes": True}, "d.number > 0"),
        (
            {"publishes": False, "departement": "36"},
            "c.departement = '36' AND d.number = 0",
        ),
        ({"duty": "concerned"}, "c.population > 3500"),
    ],
)
def test_figures_are_what_sql_counts(filters: dict[str, Any], where: str) -> None:
    loader.load(read([shipped_file()]))
    communes = model.Session.query(Collectivite.siren).filter_by(epci_siren=EPCI)
    some = [row.siren for row in communes.order_by(Collectivite.siren).limit(2)]
    for siren, number in ((BAULE, 2), (POINCONNET, 1), (EPCI, 1), (some[0], 1)):
        make_town(siren, number)
    _refresh()
    answer = _show(**filters)
    expected = _counted(where)
    assert {name: answer["figures"][name] for name in COUNTED} == expected
    assert answer["count"] == expected["collectivites"] > 0


def test_a_row_has_the_fields_of_the_contract(season: dict[str, Any]) -> None:
    (row,) = _show(q="poinconnet")["results"]
    assert row["siren"] == POINCONNET
    assert {name: row[name] for name in ("insee_code", "kind", "departement")} == {
        "insee_code": "36159",
        "kind": "commune",
        "departement": "36",
    }
    assert (row["population"], row["duty"], row["epci_siren"]) == (
        5855,
        "concerned",
        None,
    )
    assert row["organization"]
    assert (row["datasets"], row["conforming"]) == (1, 0)
    assert (row["badges"], row["seasons"]) == (["engagee"], ["saison-2"])
    assert row["elsewhere"] is None


def test_each_filter_chooses(season: dict[str, Any]) -> None:
    assert _sirens(publishes=True) == {POINCONNET, EPCI}
    assert _sirens(publishes="true", departement="36") == {POINCONNET}
    assert _sirens(takes_part=True) == {POINCONNET}
    assert _sirens(badge="engagee") == {POINCONNET}
    assert _sirens(epci=EPCI) == {EPCI, BAULE, LIGNIERES[1]}
    assert _sirens(kind="cc", size="10000_49999") == {EPCI}
    assert _sirens(duty="concerned") == {POINCONNET, EPCI}
    assert _sirens(obligation="concerned") == {POINCONNET, EPCI}
    assert _sirens(q="lignieres") == {*LIGNIERES}
    assert _sirens(q="45024") == {BAULE}
    assert _sirens(publishes="", q="", kind="") == _sirens()


def test_the_order_is_the_one_asked_for(season: dict[str, Any]) -> None:
    def order(sort: str) -> list[str]:
        return [row["siren"] for row in _show(sort=sort)["results"]]

    assert order("population")[:2] == [EPCI, POINCONNET]
    assert order("name")[0] == BAULE
    assert order("datasets")[:2] == [EPCI, POINCONNET]
    paged = [_show(limit=2, offset=at)["results"] for at in (0, 2, 4)]
    assert [row["siren"] for page in paged for row in page] == order("population")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("departement", "999"),
        ("epci", "12"),
        ("epci", BAULE),
        ("kind", "village"),
        ("duty", "maybe"),
        ("publishes", "perhaps"),
        ("takes_part", "2"),
        ("badge", "nonsense"),
        ("size", "huge"),
        ("sort", "luck"),
        ("limit", "5001"),
        ("q", "x" * 201),
    ],
)
def test_nonsense_is_told_on_its_field(field: str, value: str) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _show(**{field: value})
    assert only_message(caught, field)


@pytest.mark.ckan_config("ckanext.challenge.obligation_rule", "both")
def test_both_readings_of_the_rule_are_told(season: dict[str, Any]) -> None:
    figures = _show()["figures"]
    assert figures["rule"] == "both"
    # Of the EPCI alone the agents are declared; 5,855 inhabitants are not enough.
    assert figures["readings"] == {
        "either": {"concerned": 2, "concerned_publishing": 2, "unknown": 3},
        "both": {"concerned": 1, "concerned_publishing": 1, "unknown": 1},
    }
    assert (figures["concerned"], figures["volunteers_publishing"]) == (1, 1)
    assert (figures["over_population"], figures["agents_declared"]) == (2, 1)


def test_parts_add_up_to_the_whole(season: dict[str, Any]) -> None:
    answer = _show(breakdowns=True)
    for level in ("departement", "kind", "size"):
        parts = [part["figures"] for part in answer["breakdowns"][level]]
        for name in ("collectivites", "datasets", "population_covered"):
            assert sum(part[name] for part in parts) == answer["figures"][name], name
    (territory,) = answer["breakdowns"]["epci"]
    assert territory["name"] == "CC des Terres du Val de Loire"
    assert territory["figures"]["collectivites"] == 3


def test_tiles_have_a_letter_for_each_collectivite(season: dict[str, Any]) -> None:
    model.Session.query(Observed).filter_by(code=EPCI).update({"conforming": 1})
    model.Session.commit()
    found = _show(tiles=True, limit=0)["tiles"]
    assert [(tile["departement"], tile["name"], tile["cells"]) for tile in found] == [
        ("18", "Cher", "n"),
        ("36", "Indre", "o"),
        ("41", "Loir-et-Cher", "n"),
        ("45", "Loiret", "cn"),
    ]


def test_a_year_ago_is_told_where_a_snapshot_was_kept(season: dict[str, Any]) -> None:
    today = config.today()
    before = today.replace(year=today.year - 1, day=1)
    snapshots.due(before)
    model.Session.commit()
    assert _show()["a_year_ago"]["month"] == before.strftime("%Y-%m")
    assert _show(departement="36")["a_year_ago"]["publishing"] == 1
    assert _show(departement="41", kind="commune")["a_year_ago"] is None
    assert _show(publishes=True)["a_year_ago"] is None


def test_the_history_is_told_the_latest_first(season: dict[str, Any]) -> None:
    for month in (1, 2):
        snapshots.due(dt.date(2026, month, 1))
    model.Session.commit()
    found = call_as(None, "challenge_observatory_history", departement="36")
    assert [row["period"] for row in found["results"]] == ["2026-02", "2026-01"]
    assert found["results"][0]["figures"]["datasets"] == 1
    quarters = call_as(None, "challenge_observatory_history", occasion="quarter")
    assert [row["period"] for row in quarters["results"]] == ["2025-Q4"]
    with pytest.raises(tk.ValidationError) as caught:
        call_as(None, "challenge_observatory_history", departement="36", kind="cc")
    assert only_message(caught, "kind")


def test_what_is_published_elsewhere_is_told_apart(season: dict[str, Any]) -> None:
    for day, number in ((1, 3), (2, 5)):
        model.Session.add(
            Elsewhere(
                siren=BAULE,
                source=f"source {day}",
                number=number,
                counted_on=dt.date(2026, 1, day),
            )
        )
    model.Session.commit()
    (row,) = _show(q="baule")["results"]
    assert row["publishes"] is False
    assert row["elsewhere"] == {
        "count": 5,
        "source": "source 2",
        "date": "2026-01-02",
        "url": None,
    }
    figures = _show()["figures"]
    assert (figures["only_elsewhere"], figures["publishing"]) == (1, 2)


def test_what_was_replaced_is_no_row(season: dict[str, Any]) -> None:
    addresses.replace_collectivite(LIGNIERES[0], POINCONNET)
    model.Session.commit()
    assert LIGNIERES[0] not in _sirens()
    assert _show()["count"] == 4


def test_a_deleted_organization_is_not_named(season: dict[str, Any]) -> None:
    (row,) = _show(q="poinconnet")["results"]
    model.Session.execute(
        sa.text("UPDATE \"group\" SET state = 'deleted' WHERE id = :id"),
        {"id": row["organization_id"]},
    )
    model.Session.commit()
    (row,) = _show(q="poinconnet")["results"]
    assert row["organization"] is row["organization_id"] is None


def test_the_statements_are_as_many_for_any_filter(season: dict[str, Any]) -> None:
    def count(**data: Any) -> int:
        with sent_statements() as sent:
            _show(**data)
        return len(sent)

    assert count() == count(limit=1) == count(departement="36")

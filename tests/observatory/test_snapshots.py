"""The figures month by month."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import BAULE, call_as, make_cohort
from helpers.region import make_region, make_town, take_part
from sqlalchemy.exc import DBAPIError

from ckanext.challenge.model import Collectivite, ObservatorySnapshot
from ckanext.challenge.observatory import figures, snapshots, store

pytestmark = pytest.mark.usefixtures("region")

NOVEMBER = dt.date(2026, 11, 1)


def _due(day: dt.date) -> list[snapshots.Taken]:
    taken = snapshots.due(day)
    model.Session.commit()
    return taken


def _kept(**where: str) -> list[dict[str, Any]]:
    rows = model.Session.query(ObservatorySnapshot).filter_by(**where)
    return [row.figures for row in rows]


def test_a_month_is_taken_once_and_stays_as_it_was() -> None:
    taken = _due(NOVEMBER)
    assert [(one.occasion, one.period) for one in taken] == [
        ("month", "2026-11"),
        ("quarter", "2026-Q3"),
    ]
    make_town(BAULE, 1)
    store.refresh()
    assert _due(NOVEMBER.replace(day=20)) == []
    (kept,) = _kept(occasion="month", level="all")
    assert (kept["collectivites"], kept["publishing"]) == (5, 0)
    assert _due(dt.date(2026, 12, 1))[0].period == "2026-12"
    assert [one["publishing"] for one in _kept(period="2026-12", level="all")] == [1]


def test_nothing_is_kept_of_a_directory_that_is_still_to_be_loaded() -> None:
    model.Session.query(Collectivite).delete()
    model.Session.commit()
    assert _due(NOVEMBER) == []
    make_region()
    assert [one.occasion for one in _due(NOVEMBER)] == ["month", "quarter"]


def test_a_year_ago_is_told_by_the_rule_of_today(
    monkeypatch: pytest.MonkeyPatch, ckan_config: dict[str, Any]
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.obligation_rule", "either")
    make_town(BAULE, 1)
    store.refresh()
    _due(NOVEMBER)
    year = NOVEMBER.replace(year=2027)
    before = snapshots.a_year_before(year, "all", "")
    assert before
    monkeypatch.setitem(ckan_config, "ckanext.challenge.obligation_rule", "both")
    found = snapshots.a_year_before(year, "all", "")
    assert found
    now = figures.by_level(figures.observed()).all
    assert before["concerned"] != now["concerned"]
    for name in ("rule", "concerned", "concerned_publishing", "volunteers_publishing"):
        assert found[name] == now[name], name


def test_each_level_is_kept() -> None:
    _due(NOVEMBER)
    rows = model.Session.query(
        ObservatorySnapshot.level, ObservatorySnapshot.value
    ).filter_by(occasion="month")
    assert {level for level, _ in rows} == {
        "all",
        "departement",
        "kind",
        "size",
        "epci",
    }
    (loiret,) = _kept(occasion="month", level="departement", value="45")
    assert loiret["population"] == 1985


@pytest.mark.parametrize(
    ("day", "quarter"),
    [("2026-01-01", "2025-Q4"), ("2026-06-30", "2026-Q1"), ("2026-07-01", "2026-Q2")],
)
def test_a_quarter_is_kept_once_it_has_ended(day: str, quarter: str) -> None:
    assert _due(dt.date.fromisoformat(day))[1].period == quarter


def test_the_database_refuses_to_change_one() -> None:
    _due(NOVEMBER)
    with pytest.raises(DBAPIError, match="never changed"):
        model.Session.execute(
            sa.text("UPDATE challenge_observatory_snapshot SET figures = '{}'")
        )
    model.Session.rollback()


def test_a_season_is_kept_as_it_finishes() -> None:
    season = make_cohort("running")
    take_part(season, make_town(BAULE))
    call_as(
        factories.Sysadmin(),
        "challenge_cohort_transition",
        id=season["id"],
        to="finished",
    )
    (kept,) = _kept(occasion="season", period="saison-2", level="all")
    assert kept["taking_part"] == 1


def test_a_year_before_is_that_month_or_shortly_before() -> None:
    for month in (dt.date(2025, 10, 1), dt.date(2025, 12, 1)):
        _due(month)

    def of(day: dt.date) -> str | None:
        found = snapshots.a_year_before(day, "all", "")
        return found["month"] if found else None

    assert of(dt.date(2026, 12, 24)) == "2025-12"
    assert of(dt.date(2026, 11, 2)) == "2025-10"
    assert of(dt.date(2026, 9, 30)) is None
    assert of(dt.date(2027, 6, 1)) is None

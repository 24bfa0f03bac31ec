"""What is stored of each collectivité."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import BAULE, LIGNIERES, POINCONNET, call_as, make_cohort
from helpers.progress import do, make_award, publish
from helpers.region import EPCI, make_town, take_part

from benchmarks.statements import sent_statements
from ckanext.challenge.common import addresses
from ckanext.challenge.model import Conformity, Observed
from ckanext.challenge.observatory import store
from ckanext.challenge.progress import evaluate

pytestmark = pytest.mark.usefixtures("region")


def _of(siren: str) -> Observed:
    model.Session.expire_all()
    found = model.Session.get(Observed, siren)
    assert found is not None
    return found


def _refresh(*ids: str, **fields: Any) -> store.Refreshed:
    done = store.refresh(ids or None, **fields)
    model.Session.commit()
    return done


def test_each_collectivite_has_a_row_and_a_second_time_changes_none() -> None:
    make_town(BAULE, 2)
    assert _refresh() == store.Refreshed(1, 5)
    assert model.Session.query(Observed).count() == 5
    assert _of(BAULE).datasets == 2
    assert _of(POINCONNET).datasets == 0
    before = _of(BAULE).changed_at
    assert _refresh() == store.Refreshed(1, 0)
    assert _of(BAULE).changed_at == before


@pytest.mark.parametrize("agents", ["999999,9951", "999999.999"])
def test_a_number_that_would_not_fit_keeps_nobody_else_waiting(agents: str) -> None:
    make_town(BAULE, 1, agents=agents)
    _refresh()
    assert float(_of(BAULE).agents or 0) == 999999.99


def test_only_what_the_public_sees_counts() -> None:
    town = make_town(BAULE, 1)
    publish(town["id"], private=True)
    do("package_delete", id=publish(town["id"])["id"])
    _refresh()
    assert _of(BAULE).datasets == 1


def test_an_evaluation_writes_what_it_found_of_an_organization() -> None:
    town = make_town(BAULE, 1, agents="12,5")
    evaluate.evaluate([town["id"]])
    row = _of(BAULE)
    assert (row.organization_id, row.datasets) == (town["id"], 1)
    assert float(row.agents or 0) == 12.5
    assert row.first_published_at == row.last_published_at is not None
    # Of the others nothing was touched.
    assert model.Session.query(Observed).count() == 1


def test_freshness_and_conformity_are_those_of_the_measures() -> None:
    town = make_town(BAULE, 1)
    publish(town["id"], frequency="annual")
    conforming = publish(town["id"])
    model.Session.execute(
        sa.text(
            'UPDATE resource SET extras = \'{"schema": "scdl/deliberations"}\''
            " WHERE package_id = :id"
        ),
        {"id": conforming["id"]},
    )
    model.Session.add(
        Conformity(
            resource_id=conforming["resources"][0]["id"],
            schema="scdl/deliberations",
            status="valid",
        )
    )
    model.Session.commit()
    evaluate.evaluate([town["id"]])
    row = _of(BAULE)
    assert (row.datasets, row.conforming, row.fresh) == (3, 1, 1)


def test_badges_and_seasons_are_kept_by_name() -> None:
    season = make_cohort("running")
    town = make_town(BAULE)
    take_part(season, town)
    make_award(town["id"], "engagee", cohort_id=season["id"])
    make_award(town["id"], "donnees-fraiches", state="revoked")
    _refresh(town["id"])
    row = _of(BAULE)
    assert (row.badges, row.seasons) == (["engagee"], ["saison-2"])


def test_what_a_person_gives_and_takes_back_is_written_at_once() -> None:
    town, admin = make_town(BAULE), factories.Sysadmin()
    given = call_as(
        admin,
        "challenge_award_create",
        badge="engagee",
        organization=town["id"],
        cohort=_joined(town)["id"],
        reason="Elle l'a bien mérité",
    )
    assert _of(BAULE).badges == ["engagee"]
    call_as(admin, "challenge_award_revoke", id=given["id"], reason="Une erreur")
    assert _of(BAULE).badges == []


def _joined(town: dict[str, Any]) -> dict[str, Any]:
    season = make_cohort("running")
    take_part(season, town)
    return season


def test_who_takes_another_siren_leaves_the_first() -> None:
    town = make_town(BAULE, 1)
    _refresh()
    do("organization_patch", id=town["id"], siren=POINCONNET)
    _refresh(town["id"])
    assert _of(BAULE).organization_id is None
    assert (_of(BAULE).datasets, _of(POINCONNET).datasets) == (0, 1)


def test_two_organizations_of_one_siren_are_one_collectivite() -> None:
    make_town(BAULE, 1)
    larger = make_town(BAULE, 2)
    _refresh()
    assert (_of(BAULE).organization_id, _of(BAULE).datasets) == (larger["id"], 3)


def test_what_another_one_replaced_counts_for_that_one() -> None:
    make_town(LIGNIERES[0], 1)
    addresses.replace_collectivite(LIGNIERES[0], POINCONNET)
    model.Session.commit()
    _refresh()
    assert (_of(LIGNIERES[0]).datasets, _of(POINCONNET).datasets) == (0, 1)


def test_a_past_day_is_told_from_dates() -> None:
    town = make_town(BAULE, 2)
    model.Session.execute(
        sa.text(
            "UPDATE package SET metadata_created = '2020-01-15' WHERE id = ("
            " SELECT min(id) FROM package WHERE owner_org = :id)"
        ),
        {"id": town["id"]},
    )
    model.Session.commit()
    _refresh(until=dt.datetime(2020, 2, 1, tzinfo=dt.timezone.utc))
    assert _of(BAULE).datasets == 1
    _refresh()
    assert _of(BAULE).datasets == 2


def test_an_organization_that_is_deleted_is_the_collectivite_no_more() -> None:
    town = make_town(BAULE, agents="60")
    evaluate.evaluate([town["id"]])
    assert _of(BAULE).organization_id == town["id"]
    do("organization_delete", id=town["id"])
    evaluate.evaluate([town["id"]])
    assert (_of(BAULE).organization_id, _of(BAULE).agents) == (None, None)


def test_an_organization_that_is_purged_leaves_the_collectivite() -> None:
    town = make_town(BAULE)
    _refresh()
    do("organization_purge", id=town["id"])
    assert _of(BAULE).organization_id is None


def test_the_number_of_statements_does_not_grow() -> None:
    def count() -> int:
        with sent_statements() as sent:
            _refresh()
        return len(sent)

    make_town(BAULE, 1)
    first = count()
    for siren in (POINCONNET, EPCI, *LIGNIERES):
        make_town(siren, 2)
    factories.Organization()
    assert count() == first

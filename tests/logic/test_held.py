"""The badges of organizations and of their datasets, in CKAN's own answers."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from ckan import model
from ckan.lib.search.common import make_connection
from ckan.tests import factories
from participation import do
from seasons import call_as, make_cohort

from benchmarks.statements import sent_statements
from ckanext.challenge.model import Award

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _award(organization: dict[str, Any], badge: str, **fields: Any) -> Award:
    award = Award(
        badge=badge,
        programme="saison",
        programme_version=1,
        organization_id=organization["id"],
        source="catalog",
        **fields,
    )
    model.Session.add(award)
    model.Session.commit()
    return award


def _with(dataset: dict[str, Any]) -> dict[str, Any]:
    """What an evaluation keeps of what was met."""
    return {"met": [{"measure": "datasets_public", "datasets": [dataset["id"]]}]}


def _keys(shown: dict[str, Any]) -> list[str]:
    return [badge["badge"] for badge in shown["badges"]]


def test_an_organization_and_its_datasets_say_which_badges_it_holds() -> None:
    organization, other = factories.Organization(), factories.Organization()
    counted, later = (factories.Dataset(owner_org=organization["id"]) for _ in "ab")
    foreign = factories.Dataset(owner_org=other["id"])
    draft = make_cohort("draft", name="brouillon")
    award = _award(organization, "donnees-decrites", criteria=_with(counted))
    at_risk = _award(
        organization,
        "donnees-fraiches",
        state="at_risk",
        lost_on=dt.date(2026, 12, 23),
        awarded_at=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc),
    )
    _award(organization, "premiere-publication", state="revoked")
    _award(organization, "engagee", cohort_id=draft["id"])

    shown = call_as(None, "organization_show", id=organization["id"])
    first, second = shown["badges"]
    assert (first["award"], first["badge"], first["state"]) == (
        award.id,
        "donnees-decrites",
        "active",
    )
    assert first["title"] == "Données décrites"
    assert first["url"].endswith(f"/challenge/awards/{award.id}")
    assert first["url"].startswith("http")
    assert (second["award"], second["lost_on"]) == (at_risk.id, "2026-12-23")
    assert call_as(None, "organization_show", id=other["id"])["badges"] == []

    for dataset, told in ((counted, [True, False]), (later, [False, False])):
        badges = call_as(None, "package_show", id=dataset["id"])["badges"]
        assert [badge["counted"] for badge in badges] == told
    found = call_as(None, "package_search", rows=20)["results"]
    by_id = {row["id"]: row for row in found}
    assert [badge["counted"] for badge in by_id[counted["id"]]["badges"]] == [
        True,
        False,
    ]
    assert by_id[foreign["id"]]["badges"] == []


def test_what_is_lost_is_gone_at_once_and_the_index_never_knew() -> None:
    organization = factories.Organization()
    award = _award(organization, "donnees-decrites")
    dataset = factories.Dataset(owner_org=organization["id"])
    call_as(factories.Sysadmin(), "package_patch", id=dataset["id"], title="Autre")
    (found,) = call_as(None, "package_search")["results"]
    assert _keys(found) == ["donnees-decrites"]
    (kept,) = make_connection().search("*:*").docs
    assert award.id not in json.dumps(kept, default=str)
    award.state = "revoked"
    model.Session.commit()
    (found,) = call_as(None, "package_search")["results"]
    assert found["badges"] == []


def test_what_was_answered_may_be_sent_back() -> None:
    organization = factories.Organization()
    _award(organization, "donnees-decrites")
    dataset = factories.Dataset(owner_org=organization["id"])
    for kind, made in (("organization", organization), ("package", dataset)):
        shown = do(f"{kind}_show", id=made["id"])
        assert _keys(shown) == ["donnees-decrites"]
        do(f"{kind}_update", **shown)
        do(f"{kind}_patch", id=made["id"], title="Autre")
        again = do(f"{kind}_show", id=made["id"])
        assert (again["title"], _keys(again)) == ("Autre", ["donnees-decrites"])
        assert again["extras"] == shown["extras"]


def test_a_list_costs_one_statement_however_long_it_is() -> None:
    counted = []
    for number in (2, 18):
        for _ in range(number):
            organization = factories.Organization()
            dataset = factories.Dataset(owner_org=organization["id"])
            _award(organization, "donnees-decrites", criteria=_with(dataset))
        for action, asked in (
            ("package_search", {"rows": 20}),
            ("organization_list", {"all_fields": True, "limit": 20}),
        ):
            with sent_statements() as sent:
                shown = call_as(None, action, **asked)
            rows = shown["results"] if isinstance(shown, dict) else shown
            assert all(_keys(row) == ["donnees-decrites"] for row in rows)
            counted.append(sum("challenge_award" in text for text in sent))
            if action == "package_search":
                counted.append(len(sent))
    assert len(rows) == 20
    assert counted[:3] == counted[3:]
    assert (counted[0], counted[2]) == (1, 1)


def test_a_search_for_a_few_fields_or_for_none_goes_on() -> None:
    organization = factories.Organization()
    factories.Dataset(owner_org=organization["id"])
    _award(organization, "donnees-decrites")
    (row,) = call_as(None, "package_search", fl="name")["results"]
    assert list(row) == ["name"]
    with sent_statements() as sent:
        assert call_as(None, "package_search", rows=0)["results"] == []
    assert not any("challenge_award" in text for text in sent)

"""The badges of organizations and of their datasets, in CKAN's own answers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins as p
import pytest
import sqlalchemy as sa
import yaml
from ckan import model
from ckan.lib.search.common import make_connection
from ckan.tests import factories
from factories import call_as, make_cohort
from helpers.progress import do, make_award

from benchmarks.statements import sent_statements
from ckanext.challenge.badges import package_badges
from ckanext.challenge.model import Award

SCHEMAS = Path(package_badges.__file__).parents[1] / "schemas"

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _award(organization: dict[str, Any], badge: str, **fields: Any) -> Award:
    given = make_award(organization["id"], badge, **fields)
    model.Session.commit()
    return given


def _with(dataset: dict[str, Any]) -> dict[str, Any]:
    """What an evaluation keeps of what was met."""
    return {"met": [{"measure": "datasets_public", "datasets": [dataset["id"]]}]}


def _ask(action: str, **asked: Any) -> Any:
    return call_as(None, action, include_badges=True, **asked)


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

    shown = _ask("organization_show", id=organization["id"])
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
    assert _ask("organization_show", id=other["id"])["badges"] == []

    for dataset, told in ((counted, [True, False]), (later, [False, False])):
        badges = _ask("package_show", id=dataset["id"])["badges"]
        assert [badge["counted"] for badge in badges] == told
    found = _ask("package_search", rows=20)["results"]
    by_id = {row["id"]: row for row in found}
    assert [badge["counted"] for badge in by_id[counted["id"]]["badges"]] == [
        True,
        False,
    ]
    assert by_id[foreign["id"]]["badges"] == []


def test_each_badge_says_whose_word_stands_behind_it() -> None:
    organization = factories.Organization()
    dataset = factories.Dataset(owner_org=organization["id"])
    steps = [{"step": "deliberation", "value": 1, "target": 1, "datasets": []}]
    kits = [{"measure": "kits_chosen", "value": 3, "target": 3, "datasets": []}]
    words = {
        "donnees-decrites": (_with(dataset), "verified"),
        "engagee": ({"met": steps}, "confirmed"),
        "challenge-releve": ({"met": [*_with(dataset)["met"], *kits]}, "declared"),
        # Given by hand.
        "donnees-conformes": ({"met": []}, "confirmed"),
    }
    for badge, (criteria, _) in words.items():
        _award(organization, badge, criteria=criteria)
    wanted = {badge: word for badge, (_, word) in words.items()}
    (found,) = _ask("package_search")["results"]
    for rows in (
        _ask("organization_show", id=organization["id"])["badges"],
        _ask("package_show", id=dataset["id"])["badges"],
        found["badges"],
        call_as(None, "challenge_award_list")["results"],
    ):
        assert {row["badge"]: row["assurance"] for row in rows} == wanted
    for row in call_as(None, "challenge_award_list")["results"]:
        shown = call_as(None, "challenge_award_show", id=row["id"])
        assert shown["assurance"] == row["assurance"]


def test_what_is_lost_is_gone_at_once_and_the_index_never_knew() -> None:
    organization = factories.Organization()
    award = _award(organization, "donnees-decrites")
    dataset = factories.Dataset(owner_org=organization["id"])
    call_as(factories.Sysadmin(), "package_patch", id=dataset["id"], title="Autre")
    (found,) = _ask("package_search")["results"]
    assert _keys(found) == ["donnees-decrites"]
    (kept,) = make_connection().search("*:*").docs
    assert award.id not in json.dumps(kept, default=str)
    award.state = "revoked"
    model.Session.commit()
    (found,) = _ask("package_search")["results"]
    assert found["badges"] == []


def test_what_was_answered_may_be_sent_back() -> None:
    organization = factories.Organization()
    _award(organization, "donnees-decrites")
    dataset = factories.Dataset(owner_org=organization["id"])
    for kind, made in (("organization", organization), ("package", dataset)):
        shown = do(f"{kind}_show", id=made["id"], include_badges=True)
        assert _keys(shown) == ["donnees-decrites"]
        do(f"{kind}_update", **shown)
        do(f"{kind}_patch", id=made["id"], title="Autre")
        again = do(f"{kind}_show", id=made["id"], include_badges=True)
        assert (again["title"], _keys(again)) == ("Autre", ["donnees-decrites"])
        assert again["extras"] == shown["extras"]


def test_the_history_never_has_them() -> None:
    """Which would else tell of changes that nobody made."""
    user = factories.Sysadmin()
    organization = factories.Organization(user=user)
    dataset = factories.Dataset(user=user, owner_org=organization["id"])
    _award(organization, "donnees-decrites")
    for kind, made in (("organization", organization), ("package", dataset)):
        call_as(user, f"{kind}_patch", id=made["id"], title="Autre")
        assert _keys(_ask(f"{kind}_show", id=made["id"]))
    rows = model.Session.execute(
        sa.text(
            "SELECT activity_type, CAST(data AS text) AS data FROM activity"
            " WHERE activity_type LIKE 'changed %' AND object_id IN (:one, :other)"
        ),
        {"one": organization["id"], "other": dataset["id"]},
    )
    kept = {row.activity_type: row.data for row in rows}
    assert sorted(kept) == ["changed organization", "changed package"]
    for data in kept.values():
        assert "Autre" in data
        assert "badges" not in data


@pytest.fixture
def own_field(ckan_config: dict[str, Any], tmp_path: Path) -> Iterator[None]:
    """A portal whose datasets and organizations have a field of the same name."""
    with pytest.MonkeyPatch.context() as patch:
        for kind, fields in (("dataset", "dataset_fields"), ("organization", "fields")):
            schema = yaml.safe_load((SCHEMAS / f"{kind}.yaml").read_text())
            schema[fields].append(
                {"field_name": package_badges.FIELD, "label": "Badges"}
            )
            path = tmp_path / f"{kind}.yaml"
            path.write_text(yaml.safe_dump(schema))
            patch.setitem(
                ckan_config, f"scheming.{kind}_schemas", f"ckanext.challenge:{path}"
            )
        p.load_all()
        yield
    p.load_all()


@pytest.mark.usefixtures("own_field")
def test_a_field_of_the_portal_of_the_same_name_is_left_alone(app: Any) -> None:
    user = factories.Sysadmin()
    organization = factories.Organization(user=user, badges="Ville fleurie")
    dataset = factories.Dataset(
        user=user, owner_org=organization["id"], badges="Donnée pivot"
    )
    _award(organization, "donnees-decrites", criteria=_with(dataset))
    sent = _ask("package_show", id=dataset["id"])
    assert sent["badges"] == "Donnée pivot"
    call_as(user, "package_update", **{**sent, "title": "Autre"})
    del sent["type"]
    call_as(user, "package_update", **{**sent, "badges": "Donnée de référence"})
    shown = _ask("package_show", id=dataset["id"])
    (found,) = _ask("package_search")["results"]
    assert shown["badges"] == found["badges"] == "Donnée de référence"
    call_as(user, "organization_patch", id=organization["id"], title="Autre")
    (listed,) = _ask("organization_list", all_fields=True, include_extras=True)
    shown = _ask("organization_show", id=organization["id"])
    assert shown["badges"] == listed["badges"] == "Ville fleurie"
    # What the portal says there is no badge for programs either.
    for page in (f"/dataset/{dataset['name']}", f"/organization/{shown['name']}"):
        assert "hasCredential" not in app.get(page).get_data(as_text=True)


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
                shown = _ask(action, **asked)
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
    (row,) = _ask("package_search", fl="name")["results"]
    assert list(row) == ["name"]
    with sent_statements() as sent:
        assert _ask("package_search", rows=0)["results"] == []
    assert not any("challenge_award" in text for text in sent)


def test_who_does_not_ask_is_not_told(app: Any, ckan_config: dict[str, Any]) -> None:
    organization = factories.Organization()
    _award(organization, "donnees-decrites")
    dataset = factories.Dataset(owner_org=organization["id"])
    answers = {
        "organization_show": {"id": organization["id"]},
        "package_show": {"id": dataset["id"]},
        "organization_list": {"all_fields": True},
        "package_search": {},
    }

    def told(path: str) -> bool:
        return "donnees-decrites" in app.get(path).get_data(as_text=True)

    for action, fields in answers.items():
        query = "&".join(f"{key}={value}" for key, value in fields.items())
        path = f"/api/3/action/{action}?{query}"
        assert not told(path)
        assert not told(f"{path}&include_badges=false")
        assert told(f"{path}&include_badges=true")
        refused = app.get(f"{path}&include_badges=perhaps", status=409)
        assert json.loads(refused.body)["error"]["include_badges"] == [
            "Répondez par vrai ou faux (true ou false)"
        ]
        # As up to version 0.1.
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(ckan_config, "ckanext.challenge.answers_in_full", True)
            assert told(path)
    # The pages say it all the same.
    for page in (
        f"/dataset/{dataset['name']}",
        f"/organization/{organization['name']}",
    ):
        assert "hasCredential" in app.get(page).get_data(as_text=True)

"""The observatory as a dataset: its tables, their schemas, its addresses."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.lib import uploader
from ckan.tests import factories
from factories import BAULE, POINCONNET, call_as, work_in_this_process
from frictionless import Resource, Schema, system
from helpers.region import EPCI, make_town

from ckanext.challenge.cli import observatory as cli_observatory
from ckanext.challenge.model import Elsewhere
from ckanext.challenge.observatory import open_data, snapshots, store

pytestmark = pytest.mark.usefixtures("region", "storage")


@pytest.fixture
def region_publishes(region: None) -> dict[str, Any]:
    """Le Poinçonnet publishes here, Baule elsewhere; a month is kept."""
    make_town(POINCONNET, 2, agents="60")
    model.Session.add(
        Elsewhere(
            siren=BAULE,
            source="data.gouv.fr",
            number=3,
            counted_on=dt.date(2026, 11, 2),
            url="https://www.data.gouv.fr/organizations/baule/",
        )
    )
    store.refresh()
    snapshots.due()
    model.Session.commit()
    return factories.Organization(name="region")


def _content(resource: dict[str, Any]) -> str:
    upload: Any = uploader.get_resource_uploader(resource)
    return Path(upload.get_path(resource["id"])).read_text("utf-8")


def _rows(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content)))


@pytest.fixture
def ckan_run(cli: Any) -> Callable[..., Any]:
    def run(*arguments: str) -> Any:
        return cli.invoke(cli_observatory.command, ["publish", *arguments])

    return run


def test_the_tables_say_what_is_stored_and_follow_their_schemas(
    region_publishes: dict[str, Any], ckan_run: Callable[..., Any]
) -> None:
    result = ckan_run("--organization", "region")
    assert result.exit_code == 0, result.output
    dataset = call_as(None, "package_show", id="observatoire-open-data")
    assert dataset["license_id"] == "etalab-2.0"
    assert dataset["owner_org"] == region_publishes["id"]
    files = {one["name"]: one for one in dataset["resources"]}
    rows = {row["siren"]: row for row in _rows(_content(files["Les collectivités"]))}
    town, baule = rows[POINCONNET], rows[BAULE]
    assert (town["type"], town["nb-ptf"], town["fte"]) == ("COM", "2", "60.00")
    assert town["url-ptf"].startswith("http")
    assert (baule["nb-ptf"], baule["nb-datagouv"]) == ("0", "3")
    assert baule["epci"] == EPCI
    assert rows[EPCI]["type"] == "CC"
    shown = call_as(None, "challenge_observatory_show", limit=5000)
    assert len(rows) == shown["count"]
    history = _rows(_content(files["Les chiffres mois par mois"]))
    (whole,) = (row for row in history if row["niveau"] == "ensemble")
    assert int(whole["jeux"]) == shown["figures"]["datasets"] == 2
    assert int(whole["obligees"]) == shown["figures"]["concerned"]
    # By a program of others, with the schemas that are published.
    for name in ("Les collectivités", "Les chiffres mois par mois"):
        described = files[f"Le schéma : {name.lower()}"]
        schema = Schema.from_descriptor(json.loads(_content(described)))
        with system.use_context(trusted=True):
            report = Resource(
                data=_content(files[name]).encode(), format="csv", schema=schema
            ).validate()
        assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])
    # By the portal's own check, as any file.
    work_in_this_process()
    for name in ("Les collectivités", "Les chiffres mois par mois"):
        verdict = call_as(
            None, "challenge_conformity_show", resource_id=files[name]["id"]
        )
        assert verdict["status"] == "valid", verdict["errors"]


def test_every_field_is_in_the_dictionary() -> None:
    (dictionary,) = (
        file for file in open_data.files() if file.filename == "dictionnaire.csv"
    )
    told = {(row["table"], row["champ"]) for row in _rows(dictionary.content.decode())}
    for file in open_data.files():
        if file.schema:
            names = next(csv.reader(io.StringIO(file.content.decode())))
            key = file.filename.partition(".")[0]
            assert {(key, name) for name in names} <= told


def test_a_second_time_only_what_has_changed_is_written_under_its_address(
    region_publishes: dict[str, Any], ckan_run: Callable[..., Any]
) -> None:
    ckan_run("--organization", "region")
    before = call_as(None, "package_show", id="observatoire-open-data")
    call_as(
        factories.Sysadmin(), "package_patch", id=before["id"], notes="Autrement dit."
    )
    again = ckan_run("--organization", "region")
    assert "nothing has changed" in again.output
    make_town(BAULE, 1)
    store.refresh()
    model.Session.commit()
    result = ckan_run("--organization", "region")
    assert "Les collectivités" in result.output
    assert "mois par mois" not in result.output
    after = call_as(None, "package_show", id="observatoire-open-data")
    assert after["notes"] == "Autrement dit."
    assert [one["id"] for one in after["resources"]] == [
        one["id"] for one in before["resources"]
    ]
    assert [one["url"] for one in after["resources"]] == [
        one["url"] for one in before["resources"]
    ]


def test_what_is_wrong_is_said(
    region_publishes: dict[str, Any], ckan_run: Callable[..., Any]
) -> None:
    result = ckan_run("--organization", "nobody")
    assert result.exit_code == 1
    assert "--organization: There is no such organization" in result.output
    ckan_run("--organization", "region")
    other = factories.Organization()
    result = ckan_run("--organization", other["name"])
    assert result.exit_code == 1
    assert "belongs to another organization" in result.output
    assert ckan_run().exit_code == 2


def test_a_cell_is_no_formula() -> None:
    assert open_data._cell("=1+1").startswith("'")
    assert open_data._cell(None) == ""
    assert open_data._cell(-3) == -3

"""Where ckanext-validation is enabled, its verdict counts.

It loads on CKAN 2.11 only, and these tests run where it is installed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories, helpers

from ckanext.challenge.conformity import jobs, registry, store

pytestmark = [
    pytest.mark.skipif(
        find_spec("ckanext.validation") is None or tk.check_ckan_version("2.12"),
        reason="needs ckanext-validation, on CKAN 2.11",
    ),
    pytest.mark.ckan_config("ckan.plugins", "challenge activity validation"),
    pytest.mark.usefixtures(
        "with_plugins", "clean_db", "clean_index", "clean_queues", "validation"
    ),
]

SCHEMA = registry.known()["scdl/deliberations"]
VALUES = {
    "COLL_NOM": "Baule",
    # Right for Table Schema; only a rule of ours says that it is none.
    "COLL_SIRET": "21450024100013",
    "DELIB_ID": "1",
    "DELIB_DATE": "2023-02-28",
    "DELIB_MATIERE_CODE": "7.5",
    "DELIB_MATIERE_NOM": "Finances locales/Subventions",
    "DELIB_OBJET": "Aide",
}
COLUMNS = [field["name"] for field in (SCHEMA.descriptor or {})["fields"]]
HEADER = ",".join(COLUMNS) + "\n"
ROW = ",".join(VALUES.get(name, "") for name in COLUMNS) + "\n"
WRONG = ROW.replace("2023-02-28", "31/02/2023")


@pytest.fixture(scope="module", autouse=True)
def _bound() -> Iterator[None]:
    """The plugin, as it is published, asks for metadata that know their database;
    CKAN no longer binds them.
    """
    model.meta.metadata.bind = model.meta.engine  # type: ignore[attr-defined]
    yield
    model.meta.metadata.bind = None  # type: ignore[attr-defined]


@pytest.fixture
def validation(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """The plugin's table and a folder for uploads."""
    tables: Any = import_module("ckanext.validation.model")
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    if not tables.tables_exist():
        tables.create_tables()
    yield
    model.Session.remove()
    tables.Validation.__table__.drop()


@pytest.fixture
def upload(create_with_upload: Any) -> Any:
    def make(content: str) -> dict[str, Any]:
        dataset = factories.Dataset(owner_org=factories.Organization()["id"])
        context = {"user": factories.Sysadmin()["name"], "ignore_auth": True}
        return create_with_upload(
            content,
            "deliberations.csv",
            context,
            package_id=dataset["id"],
            format="CSV",
            schema=SCHEMA.id,
        )

    return make


def validate(resource: dict[str, Any]) -> None:
    """Run the plugin's own job, with the schema that the resource names."""
    plugin_jobs: Any = import_module("ckanext.validation.jobs")
    descriptor = json.dumps(dict(SCHEMA.descriptor or {}))
    plugin_jobs.run_validation_job({**resource, "schema": descriptor})


def show(resource: dict[str, Any]) -> dict[str, Any]:
    model.Session.expire_all()
    return helpers.call_action("challenge_conformity_show", resource_id=resource["id"])


def test_its_verdict_is_taken_and_nothing_is_checked_twice(upload: Any) -> None:
    resource = upload(HEADER + ROW)
    jobs.check_resource(resource["id"])
    assert show(resource)["errors"][0]["type"] == "french-siret-value"
    validate(resource)
    assert store.due() == [resource["id"]]
    jobs.check_resource(resource["id"])
    shown = show(resource)
    assert (shown["status"], shown["errors"]) == ("valid", [])


def test_its_problems_are_told_in_our_words(upload: Any) -> None:
    resource = upload(HEADER + WRONG)
    validate(resource)
    jobs.check_resource(resource["id"])
    shown = show(resource)
    assert (shown["status"], shown["error_count"]) == ("invalid", 1)
    (error,) = shown["errors"]
    assert (error["row"], error["column"]) == (2, "DELIB_DATE")
    assert error["value"] == "31/02/2023"


def test_a_newer_file_is_checked_by_us_until_it_has_spoken(upload: Any) -> None:
    resource = upload(HEADER + WRONG)
    validate(resource)
    helpers.call_action(
        "resource_patch",
        {"user": factories.Sysadmin()["name"]},
        id=resource["id"],
        last_modified=dt.datetime.now(dt.timezone.utc).replace(tzinfo=None).isoformat(),
    )
    jobs.check_resource(resource["id"])
    assert {error["type"] for error in show(resource)["errors"]} == {
        "french-siret-value",
        "type-error",
    }


@pytest.mark.parametrize(
    "written",
    [
        {"validation_status": "success", "validation_timestamp": "2099-01-01T00:00:00"},
        {"validation_timestamp": "2099-01-01T00:00:00+00:00"},
        {"validation_status": ["success"]},
    ],
)
def test_what_a_publisher_writes_is_no_verdict(
    upload: Any, written: dict[str, Any]
) -> None:
    resource = upload(HEADER + WRONG)
    user = {"user": factories.Sysadmin()["name"]}
    helpers.call_action("resource_patch", user, id=resource["id"], **written)
    jobs.check_resource(resource["id"])
    assert show(resource)["status"] == "invalid"

"""A copy of our datasets and organizations, as ckanapi makes it, goes into any CKAN."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ckan.plugins as p
import pytest
import yaml
from ckan import model
from ckan.tests import factories
from ckanapi.cli.dump import dump_things_worker
from ckanapi.cli.load import load_things_worker
from ckanapi.errors import NotFound
from factories import call_as, collectivites
from helpers.catalogue import make_dataset, make_organization
from helpers.progress import do, make_award

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

#: A form of somebody else, with fields of the names that udata reads in extras.
OTHER_FORM = {
    "scheming_version": 2,
    "dataset_type": "dataset",
    "dataset_fields": [
        {"field_name": name}
        for name in ("title", "name", "notes", "owner_org", "frequency", "spatial")
    ],
    "resource_fields": [{"field_name": name} for name in ("url", "name", "format")],
}


class Portal:
    """CKAN's API, as ckanapi calls it."""

    def __init__(self, app: Any, token: str) -> None:
        self.app, self.token = app, token

    def call_action(self, name: str, data: dict[str, Any], **options: Any) -> Any:
        answer = self.app.post(
            f"/api/3/action/{name}",
            json=data,
            headers={"Authorization": self.token, "User-Agent": "ckanapi/4.11"},
        )
        found = json.loads(answer.body)
        if answer.status_code == 404:
            raise NotFound
        assert found["success"], (name, found)
        return found["result"]


def dumped(portal: Portal, thing: str, names: list[str]) -> list[dict[str, Any]]:
    out = io.BytesIO()
    asked = "".join(json.dumps(name) + "\n" for name in names).encode()
    options: dict[str, Any] = defaultdict(bool)
    dump_things_worker(portal, thing, options, io.BytesIO(asked), out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert all(line[1] is None for line in lines)
    return [line[2] for line in lines]


def loaded(portal: Portal, thing: str, rows: list[dict[str, Any]]) -> list[str]:
    """What was done with each."""
    out = io.BytesIO()
    sent = "".join(json.dumps(row) + "\n" for row in rows).encode()
    options: dict[str, Any] = defaultdict(bool)
    load_things_worker(portal, thing, options, io.BytesIO(sent), out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert all(line[2] is None for line in lines), lines
    return [line[1] for line in lines]


@pytest.fixture
def without_us(ckan_config: Any, tmp_path: Path) -> Any:
    """A portal that has a form of ckanext-scheming, or none, and nothing of ours."""

    @contextmanager
    def portal(form: dict[str, Any] | None) -> Iterator[None]:
        settings: dict[str, Any] = {"ckan.plugins": ""}
        if form:
            path = tmp_path / "form.yaml"
            path.write_text(yaml.safe_dump(form))
            settings = {
                "ckan.plugins": "scheming_datasets",
                "scheming.dataset_schemas": f"ckanext.scheming:{path}",
                "scheming.presets": "ckanext.scheming:presets.json",
            }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setitem(ckan_config, name, value)
            p.load_all()
            yield
        p.load_all()

    return portal


@pytest.fixture
def portal(make_app: Any) -> Portal:
    return Portal(make_app(), factories.SysadminWithToken()["token"])


@pytest.fixture
def content(portal: Portal) -> dict[str, list[dict[str, Any]]]:
    """A copy of an organization and of its dataset, with all that we say of them."""
    collectivites()
    organization = make_organization()
    dataset = make_dataset(organization)
    counted = {"met": [{"measure": "datasets_public", "datasets": [dataset["id"]]}]}
    make_award(organization["id"], "donnees-decrites", criteria=counted)
    model.Session.commit()
    return {
        "organizations": dumped(portal, "organizations", [organization["name"]]),
        "datasets": dumped(portal, "datasets", [dataset["name"]]),
    }


def _purge(content: dict[str, list[dict[str, Any]]]) -> None:
    for thing, action in (("datasets", "dataset"), ("organizations", "organization")):
        for row in content[thing]:
            do(f"{action}_purge", id=row["id"])


@pytest.mark.parametrize("form", [None, OTHER_FORM])
def test_another_portal_takes_it(
    make_app: Any,
    portal: Portal,
    content: dict[str, list[dict[str, Any]]],
    without_us: Any,
    form: dict[str, Any] | None,
) -> None:
    _purge(content)
    with without_us(form):
        other = Portal(make_app(), portal.token)
        for done in ("create", "update"):
            for thing, rows in content.items():
                assert loaded(other, thing, rows) == [done]
        (row,) = content["datasets"]
        shown = other.call_action("package_show", {"id": row["id"]})
        assert shown["title"] == row["title"]
        assert len(shown["resources"]) == len(row["resources"])


def test_our_own_portal_takes_it_back(
    portal: Portal, content: dict[str, list[dict[str, Any]]]
) -> None:
    for thing, rows in content.items():
        assert loaded(portal, thing, rows) == ["update"]
    _purge(content)
    for thing, rows in content.items():
        assert loaded(portal, thing, rows) == ["create"]
    for thing, rows in content.items():
        (again,) = dumped(portal, thing, [row["name"] for row in rows])
        assert "badges" not in again
        assert again.get("extras") == rows[0].get("extras")


def test_what_an_older_version_answered_is_taken_too(
    portal: Portal, content: dict[str, list[dict[str, Any]]]
) -> None:
    """Its badges are neither refused nor kept."""
    stale = [{"badge": "donnees-decrites", "title": "Données décrites"}]
    for thing, rows in content.items():
        sent = [{**row, "badges": stale} for row in rows]
        assert loaded(portal, thing, sent) == ["update"]
        (again,) = dumped(portal, thing, [row["name"] for row in rows])
        assert "badges" not in again
        kind = "package" if thing == "datasets" else "organization"
        id_ = rows[0]["id"]
        for action in (f"{kind}_update", f"{kind}_patch"):
            given = sent[0] if action.endswith("update") else {"id": id_}
            portal.call_action(action, {**given, "badges": stale})
            shown = call_as(None, f"{kind}_show", id=id_)
            assert "badges" not in shown
            kept = {row["key"] for row in shown.get("extras") or ()}
            assert "badges" not in kept

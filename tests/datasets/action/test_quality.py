"""The quality of a dataset: what is answered to whom, and where the links lead."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests import factories

from benchmarks.statements import sent_statements
from ckanext.challenge.badges import fix_urls
from ckanext.challenge.domain import quality
from ckanext.challenge.measures import mending, registry
from ckanext.challenge.measures.fixes import CRITERIA

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

POOR: dict[str, Any] = {
    "license_id": "notspecified",
    "notes": "Court.",
    "resources": [
        {
            "url": "https://example.org/a.pdf",
            "format": "PDF",
            "last_modified": "2020-01-01T00:00:00",
            "check:available": False,
        }
    ],
}


@pytest.fixture
def editor() -> dict[str, Any]:
    return factories.User()


@pytest.fixture
def organization(editor: dict[str, Any]) -> dict[str, Any]:
    return factories.Organization(
        users=[{"name": editor["name"], "capacity": "editor"}]
    )


def show(user: dict[str, Any] | None, id_: str) -> Any:
    context: Any = {"user": user["name"] if user else "", "ignore_auth": False}
    return tk.get_action("challenge_quality_show")(context, {"id": id_})


def get(app: Any, url: str) -> BeautifulSoup:
    token = factories.SysadminWithToken()["token"]
    response = app.get(url, headers={"Authorization": token})
    assert response.status_code == 200, url
    return BeautifulSoup(response.body, "html.parser")


def test_readers_see_the_points_and_editors_the_way_to_more(
    organization: dict[str, Any], editor: dict[str, Any]
) -> None:
    made = factories.Dataset(
        owner_org=organization["id"],
        **{**POOR, "license_id": "etalab-2.0", "frequency": "never"},
    )
    found = show(None, made["name"])
    assert (found["points"], found["maximum"]) == (3, 9)
    assert [row["name"] for row in found["criteria"]] == list(quality.CRITERIA)
    assert {row["name"] for row in found["criteria"] if row["met"]} == {
        "licence",
        "frequency",
        "updated_in_time",
    }
    assert all(row.keys() == {"name", "title", "met"} for row in found["criteria"])
    for row in show(editor, made["id"])["criteria"]:
        assert (row["fix_url"] is None) is row["met"] is (row["help"] is None)


def test_a_private_dataset_is_for_its_organization(
    organization: dict[str, Any], editor: dict[str, Any]
) -> None:
    made = factories.Dataset(owner_org=organization["id"], private=True)
    assert show(editor, made["id"])["maximum"] == quality.MAXIMUM
    for user in (None, factories.User()):
        with pytest.raises(tk.NotAuthorized):
            show(user, made["id"])
    with pytest.raises(tk.ObjectNotFound):
        show(editor, "no-such-dataset")


def test_it_is_one_statement(organization: dict[str, Any]) -> None:
    made = factories.Dataset(owner_org=organization["id"], **POOR)
    model.Session.commit()
    with sent_statements() as sent:
        found = mending.dataset(made["id"])
    assert found is not None
    assert len(sent) == 1


def test_every_link_opens_a_form_at_the_field(
    app: Any, organization: dict[str, Any], editor: dict[str, Any]
) -> None:
    made = factories.Dataset(owner_org=organization["id"], **POOR)
    criteria = show(editor, made["id"])["criteria"]
    links = [row["fix_url"] for row in criteria]
    assert len(links) == len(set(quality.CRITERIA)) and all(links)
    with app.flask_app.test_request_context():
        links += [
            fix_urls.organization_url(organization["name"], lack)
            for lack in registry.find("organization_profile").lacks
        ]
    pages: dict[str, BeautifulSoup] = {}
    for link in links:
        address, _, field = link.partition("#")
        # The field for the upload is there where files may be uploaded.
        field = field.replace("image-upload", "image-url")
        if address not in pages:
            pages[address] = get(app, address)
        assert pages[address].find(id=field or "field-format") is not None, link
    assert len(pages) == 3


def test_a_dataset_without_files_is_sent_to_the_form_of_a_new_one(
    app: Any, organization: dict[str, Any], editor: dict[str, Any]
) -> None:
    made = factories.Dataset(owner_org=organization["id"])
    rows = {row["name"]: row for row in show(editor, made["id"])["criteria"]}
    url = f"/dataset/{made['name']}/resource/new"
    for name in ("open_format", "reachable", "resources_described"):
        assert rows[name]["fix_url"] == url
    assert get(app, url).find(id="field-format") is not None


def test_the_file_at_fault_is_the_one_to_mend(
    app: Any, organization: dict[str, Any]
) -> None:
    file = {"url": "https://example.org/a.csv", "format": "CSV"}
    made: Any = factories.Dataset(
        owner_org=organization["id"],
        resources=[
            {**file, "last_modified": "2022-01-01T00:00:00"},
            {**file, "last_modified": "2023-01-01T00:00:00"},
            {**file, "last_modified": "2021-01-01", "check:available": False},
        ],
    )
    first, latest, dead = (row["id"] for row in made["resources"])
    dataset = mending.datasets([made["id"]])[made["id"]]
    with app.flask_app.test_request_context():
        forms = fix_urls.DatasetForms(dataset)
        for name, file_id in (
            ("open_format", first),
            ("updated_in_time", latest),
            ("reachable", dead),
            ("resources_described", first),
        ):
            assert f"/resource/{file_id}/edit" in forms.url(CRITERIA[name]), name
        report = forms.url(registry.find("conform_datasets").lack("schema"))
        assert report.endswith(f"/resource/{first}#challenge-conformity")


def test_the_page_of_a_dataset_shows_it_to_those_who_may_change_it(
    app: Any, organization: dict[str, Any]
) -> None:
    made = factories.Dataset(owner_org=organization["id"], **POOR)
    page = f"/en/dataset/{made['name']}"
    block = get(app, page).select_one("[aria-labelledby=challenge-quality-title]")
    assert block is not None
    assert "0 out of 9" in block.get_text()
    assert len(block.select("li a")) == 9
    assert "challenge-quality-title" not in app.get(page).body


def test_the_points_of_data_europa_eu_with_their_remedies(
    app: Any, organization: dict[str, Any], editor: dict[str, Any]
) -> None:
    made = factories.Dataset(owner_org=organization["id"], **{**POOR, "notes": ""})
    for user in (None, editor):
        found = show(user, made["id"])["mqa"]
        assert (found["maximum"], found["rating"]) == (405, "bad")
        lost = sum(row["points"] for row in found["indicators"] if not row["met"])
        assert found["points"] == 405 - lost
        assert sum(row["points"] for row in found["indicators"]) == 405
    pages: dict[str, BeautifulSoup] = {}
    for row in found["indicators"]:
        assert (row["help"] is None) is row["met"] is (row["fix_url"] is None)
        if row["met"]:
            continue
        address, _, field = row["fix_url"].partition("#")
        field = field.replace("image-upload", "image-url")
        if address not in pages:
            pages[address] = get(app, address)
        assert pages[address].find(id=field or "field-format") is not None, row


def test_the_page_of_a_dataset_tells_its_people(
    app: Any, organization: dict[str, Any]
) -> None:
    made = factories.Dataset(owner_org=organization["id"], **POOR)
    page = get(app, f"/dataset/{made['name']}")
    block = page.find("section", {"aria-labelledby": "challenge-europe-title"})
    assert block is not None
    points = show(None, made["id"])["mqa"]["points"]
    assert f"{points} points" in block.get_text(" ")
    # What one thing mends is one line.
    links = [link.get_text() for link in block.select("li a")]
    assert links and len(links) == len(set(links)) < 14


def shown_of(user: dict[str, Any] | None, **asked: Any) -> Any:
    context: Any = {"user": user["name"] if user else "", "ignore_auth": False}
    return tk.get_action("challenge_mqa_show")(context, asked)


def test_an_organization_and_the_portal_by_their_means(
    organization: dict[str, Any],
) -> None:
    other = factories.Organization()
    poor = factories.Dataset(owner_org=organization["id"], **POOR)
    factories.Dataset(owner_org=other["id"], private=True)
    better = factories.Dataset(
        owner_org=other["id"], license_id="etalab-2.0", spatial_insee="45024"
    )
    each = [show(None, one["id"])["mqa"]["points"] for one in (poor, better)]
    found = shown_of(None, organization=organization["name"])
    assert (found["datasets"], found["points"]) == (1, each[0])
    assert found["dimensions"][0]["name"] == "findability"
    assert sum(row["points"] for row in found["dimensions"]) == each[0]
    assert found["missing"][0]["datasets"] == 1
    # Most is lost by the address that does not answer.
    assert found["missing"][0]["name"] == "access_answers"
    portal = shown_of(factories.Sysadmin())
    assert (portal["datasets"], portal["points"]) == (2, sum(each) / 2)
    for user in (None, factories.User()):
        with pytest.raises(tk.NotAuthorized):
            shown_of(user)
    with pytest.raises(tk.ObjectNotFound):
        shown_of(None, organization="no-such-one")
    assert shown_of(None, organization=factories.Organization()["id"])["points"] == 0

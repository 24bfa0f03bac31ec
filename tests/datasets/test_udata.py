"""What arrives at data.gouv.fr, by the rules of its harvesters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ckan.tests import factories
from factories import call_as, collectivites, work_in_this_process
from helpers.catalogue import PLUGINS, SQUARE, make_dataset, make_organization, read
from helpers.udata import from_api, harvested
from rdflib.namespace import DCAT, RDF

from benchmarks.statements import sent_statements
from ckanext.challenge.model import contour

pytestmark = [
    pytest.mark.ckan_config("ckan.plugins", PLUGINS),
    pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"),
]


@pytest.fixture
def contours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A portal that has loaded contours."""
    monkeypatch.setattr(contour, "outlines", lambda codes: dict.fromkeys(codes, SQUARE))


def own_catalogue(app: Any, organization: dict[str, Any]) -> list[dict[str, Any]]:
    """What data.gouv.fr makes of the catalogue of one organization."""
    graph = read(app, f"/catalog.ttl?fq=organization:{organization['name']}")
    return [harvested(graph, node) for node in graph.subjects(RDF.type, DCAT.Dataset)]


def test_all_that_data_gouv_fr_reads_arrives(app: Any, contours: None) -> None:
    collectivites()
    organization = make_organization()
    dataset = make_dataset(organization)
    make_dataset(factories.Organization())
    (found,) = own_catalogue(app, organization)
    assert found["identifier"] == dataset["id"]
    assert found["licence"] == "lov2"
    assert found["frequency"] == "quarterly"
    assert found["period"] == ("2024-01-01", "2024-12-31")
    assert found["polygons"] == [SQUARE["coordinates"]]
    assert found["contact"] == ("Mairie", "mairie@example.org")
    assert found["tags"] == ["adresses"]
    assert found["page"]
    (file,) = found["files"].values()
    assert file == {
        "url": "https://example.org/deliberations.csv",
        "schema": ("scdl/deliberations", "2.1.5"),
        "format": "csv",
        "size": 2048,
        "title": "Délibérations",
    }


def test_without_contours_no_territory_arrives(app: Any) -> None:
    """Points and addresses of INSEE are nothing to it."""
    collectivites()
    organization = make_organization()
    make_dataset(organization)
    (found,) = own_catalogue(app, organization)
    assert found["polygons"] is None


def test_a_rename_makes_no_doubles(app: Any) -> None:
    """Nor does it end the harvest: the address of the catalogue is kept, too."""
    organization = make_organization(name="baule")
    dataset = make_dataset(organization)
    (before,) = own_catalogue(app, organization)
    user = factories.Sysadmin()
    call_as(user, "package_patch", id=dataset["id"], name="un-autre-nom")
    call_as(user, "organization_patch", id=organization["id"], name="ville-de-baule")
    work_in_this_process()
    for name in ("baule", "ville-de-baule"):
        (after,) = own_catalogue(app, {"name": name})
        assert after["identifier"] == before["identifier"]
        assert [*after["files"]] == [*before["files"]]


#: What udata's harvester of CKAN portals says of itself.
UDATA = {"User-Agent": "uData/0.1 ckan"}


def asked(app: Any, path: str, **headers: str) -> Any:
    answer = app.get(f"/api/3/action/{path}", headers=headers or UDATA)
    return json.loads(answer.body)["result"]


def shown(app: Any, dataset: dict[str, Any]) -> dict[str, Any]:
    return asked(app, f"package_show?id={dataset['id']}")


def test_ckans_api_tells_it_in_extras(app: Any, contours: None) -> None:
    collectivites()
    dataset = make_dataset(make_organization())
    (searched,) = asked(app, "package_search")["results"]
    for answer in (shown(app, dataset), searched):
        assert from_api(answer) == {
            "licence": "etalab-2.0",
            "frequency": "quarterly",
            "period": ("2024-01-01", "2024-12-31"),
            "place": "Baule",
            "polygons": [SQUARE["coordinates"]],
            "files": [dataset["resources"][0]["id"]],
        }
    # Nothing of it is stored, nor told to anybody else.
    assert "extras" not in call_as(None, "package_show", id=dataset["id"])
    other = {"User-Agent": "ckanapi/4.11"}
    (searched,) = asked(app, "package_search", **other)["results"]
    assert "extras" not in searched
    assert "extras" not in asked(app, f"package_show?id={dataset['id']}", **other)


def test_what_the_api_answered_may_be_sent_back(app: Any, contours: None) -> None:
    collectivites()
    user = factories.Sysadmin()
    dataset = make_dataset(
        make_organization(), extras=[{"key": "source", "value": "mairie"}]
    )
    answer = shown(app, dataset)
    assert len(answer["extras"]) == 7
    changed = {**answer, "frequency": "annual", "spatial_insee": "36159"}
    call_as(user, "package_update", **changed)
    again = call_as(None, "package_show", id=dataset["id"])
    assert again["extras"] == [{"key": "source", "value": "mairie"}]
    assert (again["frequency"], again["spatial_insee"]) == ("annual", "36159")
    call_as(user, "package_patch", id=dataset["id"], title="Autre")
    call_as(user, "resource_create", package_id=dataset["id"], url="https://b.example")
    again = call_as(None, "package_show", id=dataset["id"])
    assert again["extras"] == [{"key": "source", "value": "mairie"}]
    copied = {**shown(app, dataset), "name": "une-copie"}
    del copied["id"], copied["resources"]
    assert call_as(user, "package_create", **copied)["extras"] == again["extras"]


def test_a_portals_own_extras_are_kept(app: Any) -> None:
    collectivites()
    user = factories.Sysadmin()
    mine = {"key": "spatial", "value": json.dumps(SQUARE)}
    dataset = make_dataset(make_organization(), extras=[mine])
    answer = shown(app, dataset)
    assert mine in answer["extras"]
    call_as(user, "package_update", **answer)
    assert call_as(None, "package_show", id=dataset["id"])["extras"] == [mine]


def test_a_search_of_many_asks_no_more(app: Any) -> None:
    collectivites()
    organization = make_organization()
    make_dataset(organization)

    def sent() -> int:
        with sent_statements() as statements:
            asked(app, "package_search")
        return len(statements)

    asked(app, "package_search")
    few = sent()
    for codes in ("36159", "18127,45024", "41116"):
        make_dataset(organization, spatial_insee=codes)
    assert sent() == few

"""The scheming forms, through CKAN's API and pages."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.lib import search
from ckan.tests import factories, helpers

pytestmark = pytest.mark.usefixtures("catalogue")

SIREN = "214500241"


def call(action: str, **data: Any) -> Any:
    """An action, as the site's own user."""
    user = helpers.call_action("get_site_user")
    return helpers.call_action(action, {"user": user["name"]}, **data)


@pytest.fixture
def organization() -> dict[str, Any]:
    return new_organization()


def dataset(organization: dict[str, Any], **fields: Any) -> dict[str, Any]:
    name = fields.pop("name", None) or factories.Dataset.stub().name
    return call("package_create", name=name, owner_org=organization["id"], **fields)


def new_organization(**fields: Any) -> dict[str, Any]:
    """An organization, as organization_show shows it."""
    name = factories.Organization.stub().name
    made = call("organization_create", name=name, **fields)
    return call("organization_show", id=made["id"])


def test_a_dataset_keeps_all_its_fields(organization: dict[str, Any]) -> None:
    written = {
        "title": "Délibérations",
        "notes": "Ce que le conseil a décidé.",
        "license_id": "etalab-2.0",
        "frequency": "quarterly",
        "temporal_start": "2022-01-01",
        "temporal_end": "2022-12-31",
        "spatial_insee": "45024,214500241",
        "contact_name": "Mairie",
        "contact_email": "mairie@example.org",
        "challenge_kit": "deliberations",
        "resources": [
            {
                "url": "https://example.org/a.csv",
                "name": "Délibérations 2022",
                "schema": "scdl/deliberations",
                "encoding": "utf-8",
                "format": "CSV",
            }
        ],
    }
    made = dataset(organization, **written)
    shown = call("package_show", id=made["id"])
    resource = written.pop("resources")[0]
    assert {key: shown[key] for key in written} == written
    assert {key: shown["resources"][0][key] for key in resource} == resource
    assert shown["license_title"] == "Licence Ouverte / Open Licence 2.0"
    assert shown["isopen"] is True
    assert not shown["private"]


def test_a_dataset_needs_none_of_the_fields_of_the_challenge(
    organization: dict[str, Any],
) -> None:
    assert dataset(organization)["state"] == "active"


def test_values_are_stored_in_one_form(organization: dict[str, Any]) -> None:
    made = dataset(
        organization,
        spatial_insee=" 45024 ; 2a004, 45024 ",
        license_id="lov2",
        frequency="http://publications.europa.eu/resource/authority/frequency/ANNUAL",
        contact_name=" Mairie ",
        temporal_end="2022/12/31",
        resources=[
            {
                "url": "a.csv",
                "schema": "https://schema.data.gouv.fr/scdl/deliberations/",
                "encoding": "CP1252",
            }
        ],
    )
    assert made["spatial_insee"] == "45024,2A004"
    assert made["license_id"] == "etalab-2.0"
    assert made["frequency"] == "annual"
    assert made["contact_name"] == "Mairie"
    assert made["temporal_end"] == "2022-12-31"
    assert made["resources"][0]["schema"] == "scdl/deliberations"
    assert made["resources"][0]["encoding"] == "windows-1252"


def test_wrong_values_are_refused_at_their_fields(
    organization: dict[str, Any],
) -> None:
    wrong = {
        "frequency": "now and then",
        "temporal_start": "31/12/2022",
        "temporal_end": "2022-02-30",
        "spatial_insee": "Baule",
        "contact_name": {"nom": "Mairie"},
        "contact_email": "mairie",
        "challenge_kit": "n'existe pas",
    }
    with pytest.raises(tk.ValidationError) as refused:
        dataset(organization, **wrong)
    assert set(refused.value.error_dict) == set(wrong)
    wrong = {"schema": "http://169.254.169.254/latest", "encoding": "morse"}
    with pytest.raises(tk.ValidationError) as refused:
        dataset(organization, resources=[{"url": "a.csv", **wrong}])
    errors: Any = refused.value.error_dict["resources"]
    assert [set(row) for row in errors] == [set(wrong)]
    assert call("organization_show", id=organization["id"])["package_count"] == 0


def test_the_end_is_not_before_the_start(organization: dict[str, Any]) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        dataset(organization, temporal_start="2022-01-02", temporal_end="2022-01-01")
    assert list(refused.value.error_dict) == ["temporal_end"]
    made = dataset(organization, temporal_start="2022-01-01", temporal_end="2022-01-01")
    assert made["temporal_end"] == "2022-01-01"


def test_an_organization_keeps_all_its_fields() -> None:
    written = {
        "title": "Baule",
        "description": "Commune du Loiret.",
        "siren": SIREN,
        "kind": "commune",
        "insee_code": "45024",
        "departement": "45",
        "population": "1985",
        "agents": "24.5",
        "website": "https://www.example.org/baule",
    }
    shown = new_organization(**written)
    assert {key: shown[key] for key in written} == written


def test_wrong_values_of_an_organization_are_refused_at_their_fields() -> None:
    wrong = {
        "siren": "214500242",
        "kind": "ville",
        "insee_code": "45",
        "departement": "00",
        "population": "-1",
        "agents": "beaucoup",
        "website": "javascript:alert(1)",
    }
    with pytest.raises(tk.ValidationError) as refused:
        new_organization(**wrong)
    assert set(refused.value.error_dict) == set(wrong)


def _page(app: Any, url: str) -> Any:
    token = factories.SysadminWithToken()["token"]
    response = app.get(url, headers={"Authorization": token})
    assert response.status_code == 200
    return BeautifulSoup(response.body, "html.parser")


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("fr", ["Fréquence de mise à jour", "Chaque trimestre", "Délibérations"]),
        ("en", ["Update frequency", "Every three months", "Council decisions"]),
    ],
)
def test_the_form_of_a_dataset(
    app: Any,
    organization: dict[str, Any],
    lang: str,
    texts: list[str],
) -> None:
    page = _page(app, f"/{lang}/dataset/new")
    shown = [
        page.select_one(selector).text.strip()
        for selector in (
            "label[for=field-frequency]",
            "#field-frequency option[value=quarterly]",
            "#field-challenge_kit option[value=deliberations]",
        )
    ]
    assert shown == texts
    licences = [row["value"] for row in page.select("#field-license_id option")]
    assert [value for value in licences if value][:2] == ["etalab-2.0", "odc-odbl"]
    chosen = page.select_one("#field-license_id option[selected]")
    assert chosen["value"] == "etalab-2.0"
    # What one publishes is public unless one says otherwise.
    visibility = [row["value"] for row in page.select("#field-private option")]
    assert visibility == ["False", "True"]
    assert page.select_one("#field-temporal_start")["type"] == "date"


@pytest.mark.parametrize(("lang", "label"), [("fr", "Schéma"), ("en", "schema")])
def test_the_form_of_a_resource(
    app: Any, organization: dict[str, Any], lang: str, label: str
) -> None:
    made = dataset(organization)
    page = _page(app, f"/{lang}/dataset/{made['name']}/resource/new")
    assert label in page.select_one("label[for=field-schema]").text
    schemas = [row["value"] for row in page.select("#field-schema option")]
    assert "scdl/deliberations" in schemas
    assert "etalab/schema-irve-statique" in schemas


@pytest.mark.parametrize(
    ("lang", "label"), [("fr", "Type de collectivité"), ("en", "Kind")]
)
def test_the_form_of_an_organization(app: Any, lang: str, label: str) -> None:
    page = _page(app, f"/{lang}/organization/new")
    assert label in page.select_one("label[for=field-kind]").text
    kinds = [row["value"] for row in page.select("#field-kind option")]
    assert kinds == ["", "commune", "cc", "ca", "cu", "metropole", "autre"]


@pytest.mark.parametrize(
    ("lang", "text"), [("fr", "Chaque trimestre"), ("en", "Every")]
)
def test_the_page_of_a_dataset_shows_its_fields(
    app: Any, organization: dict[str, Any], lang: str, text: str
) -> None:
    made = dataset(
        organization,
        frequency="quarterly",
        contact_name="<script>alert(1)</script>",
        contact_email="mairie@example.org",
    )
    body = app.get(f"/{lang}/dataset/{made['name']}").body
    assert text in body
    assert "<script>alert(1)" not in body


def _written_by_others(holder: Any, **fields: str) -> None:
    """What another program has put into the extras of an organization or a dataset."""
    for key, value in fields.items():
        holder.extras[key] = value
    model.Session.commit()


FOREIGN = {
    "siren": "FR-214500241-X",
    "insee_code": "Bourges",
    "departement": "Cher",
    "population": "about 60000",
    "agents": "many",
    "website": "www.ville-bourges.fr",
    "kind": "ville",
}


def test_foreign_values_of_an_organization_block_no_other_change(
    organization: dict[str, Any],
) -> None:
    id_ = organization["id"]
    _written_by_others(model.Group.get(id_), **FOREIGN)
    call("organization_patch", id=id_, title="Bourges")
    shown = call("organization_show", id=id_)
    assert shown["title"] == "Bourges"
    assert {name: shown[name] for name in FOREIGN} == FOREIGN
    # What is new is judged as ever.
    with pytest.raises(tk.ValidationError) as refused:
        call("organization_patch", id=id_, siren="FR-1", website="www.cher.fr")
    assert set(refused.value.error_dict) == {"siren", "website"}
    call("organization_patch", id=id_, siren=SIREN)
    assert call("organization_show", id=id_)["siren"] == SIREN


def test_foreign_values_of_a_dataset_block_no_other_change(
    organization: dict[str, Any], app: Any
) -> None:
    made = dataset(organization, resources=[{"url": "https://example.org/a.csv"}])
    foreign = {
        "spatial_insee": "Bourges",
        "frequency": "parfois",
        "challenge_kit": "autrefois",
        "contact_email": "au guichet",
        "temporal_start": "jadis",
        "temporal_end": "naguère",
        "theme": "divers",
    }
    _written_by_others(model.Package.get(made["id"]), **foreign)
    resource = model.Session.get(model.Resource, made["resources"][0]["id"])
    assert resource
    resource.extras = {"schema": "maison/arbres", "encoding": "morse"}
    model.Session.commit()
    # CKAN reads datasets from its index.
    search.rebuild(made["id"])
    call("package_patch", id=made["id"], title="Arbres")
    shown = call("package_show", id=made["id"])
    assert shown["title"] == "Arbres"
    assert {name: shown[name] for name in foreign} == foreign
    assert shown["resources"][0]["schema"] == "maison/arbres"
    assert shown["resources"][0]["encoding"] == "morse"
    with pytest.raises(tk.ValidationError) as refused:
        call("package_patch", id=made["id"], spatial_insee="Vierzon")
    assert set(refused.value.error_dict) == {"spatial_insee"}
    with pytest.raises(tk.ValidationError) as refused:
        call("resource_patch", id=resource.id, schema="maison/bancs")
    assert set(refused.value.error_dict) == {"schema"}
    call("resource_patch", id=resource.id, description="Un par ligne.")
    assert app.get(f"/dataset/{made['name']}").status_code == 200


def test_what_may_leave_in_no_document_is_not_shown(
    organization: dict[str, Any],
) -> None:
    """CKAN takes these characters in its own fields; no answer has them."""
    odd = "Voirie\x0b \u202e2026\ufffe"
    made = dataset(organization, title=odd, notes=f"{odd}\r\nsuite")
    shown = call("package_show", id=made["id"])
    assert (shown["title"], shown["notes"]) == ("Voirie 2026", "Voirie 2026\nsuite")
    (found,) = call("package_search", fq=f"id:{made['id']}")["results"]
    assert found["title"] == "Voirie 2026"
    town = new_organization(title=odd, description=odd)
    assert (town["title"], town["description"]) == ("Voirie 2026",) * 2

"""The scheming forms, through CKAN's API and pages."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan.tests import factories, helpers

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

SIREN = "214500241"


@pytest.fixture
def organization() -> dict[str, Any]:
    return factories.Organization()


def dataset(organization: dict[str, Any], **fields: Any) -> dict[str, Any]:
    name = fields.pop("name", "deliberations-baule")
    return helpers.call_action(
        "package_create", name=name, owner_org=organization["id"], **fields
    )


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
    shown = helpers.call_action("package_show", id=made["id"])
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


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("spatial_insee", " 45024 ; 2a004, 45024 ", "45024,2A004"),
        ("license_id", "lov2", "etalab-2.0"),
        ("license_id", "ODbL-1.0", "odc-odbl"),
        ("license_id", "cc-by", "cc-by"),
        ("frequency", "ANNUAL", "annual"),
        (
            "frequency",
            "http://publications.europa.eu/resource/authority/frequency/MONTHLY_2",
            "monthly_2",
        ),
        ("contact_name", " Mairie ", "Mairie"),
        ("temporal_end", "2022/12/31", "2022-12-31"),
    ],
)
def test_a_value_is_stored_in_one_form(
    organization: dict[str, Any], field: str, given: str, stored: str
) -> None:
    assert dataset(organization, **{field: given})[field] == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frequency", "fortnightly"),
        ("temporal_start", "31/12/2022"),
        ("temporal_start", "demain"),
        ("temporal_end", "2022-02-30"),
        ("spatial_insee", "45"),
        ("spatial_insee", "214500242"),
        ("spatial_insee", "Baule"),
        ("spatial_insee", ",".join(f"{code:05}" for code in range(45000, 45400))),
        ("contact_name", "x" * 201),
        ("contact_name", "Mairie\nBcc: x@example.org"),
        ("contact_name", {"nom": "Mairie"}),
        ("contact_email", "mairie"),
        ("contact_email", "x" * 300 + "@example.org"),
        ("challenge_kit", "n'existe pas"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(
    organization: dict[str, Any], field: str, value: Any
) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        dataset(organization, **{field: value})
    assert list(refused.value.error_dict) == [field]
    with pytest.raises(tk.ObjectNotFound):
        helpers.call_action("package_show", id="deliberations-baule")


def test_the_end_is_not_before_the_start(organization: dict[str, Any]) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        dataset(organization, temporal_start="2022-01-02", temporal_end="2022-01-01")
    assert list(refused.value.error_dict) == ["temporal_end"]
    made = dataset(organization, temporal_start="2022-01-01", temporal_end="2022-01-01")
    assert made["temporal_end"] == "2022-01-01"


@pytest.mark.parametrize(
    "schema",
    [
        "scdl/deliberations",
        "https://schema.data.gouv.fr/schemas/scdl/deliberations/latest/schema.json",
        "https://schema.data.gouv.fr/schemas/scdl/deliberations/2.1.3/schema.json",
        "https://schema.data.gouv.fr/scdl/deliberations/",
        "http://SCHEMA.data.gouv.fr/scdl/deliberations/latest.html",
        "https://gitlab.com/opendatafrance/scdl/deliberations/raw/v2.1.5/schema.json",
    ],
)
def test_a_schema_is_named_by_id_or_national_address(
    organization: dict[str, Any], schema: str
) -> None:
    made = dataset(organization, resources=[{"url": "a.csv", "schema": schema}])
    assert made["resources"][0]["schema"] == "scdl/deliberations"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", "scdl/inconnu"),
        ("schema", "http://169.254.169.254/latest/meta-data"),
        ("schema", "https://schema.data.gouv.fr.example.org/scdl/deliberations/"),
        ("schema", "https://gitlab.com/opendatafrance/scdl/deliberations-x/schema"),
        ("schema", "file:///etc/passwd"),
        ("schema", "http://[::1"),
        ("schema", {"fields": []}),
        ("encoding", "morse"),
        ("encoding", "utf-8\x00"),
    ],
)
def test_a_wrong_value_of_a_resource_is_refused_at_its_field(
    organization: dict[str, Any], field: str, value: Any
) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        dataset(organization, resources=[{"url": "a.csv", field: value}])
    assert [list(row) for row in refused.value.error_dict["resources"]] == [[field]]


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
    made = helpers.call_action("organization_create", name="baule", **written)
    shown = helpers.call_action("organization_show", id=made["id"])
    assert {key: shown[key] for key in written} == written


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("siren", "214 500 241", SIREN),
        ("population", 1985, "1985"),
        ("population", "5 855", "5855"),
        ("agents", 12.5, "12.5"),
        ("agents", "12,50", "12.5"),
        ("agents", 100, "100"),
        ("departement", "2a", "2A"),
        ("insee_code", "2a004", "2A004"),
    ],
)
def test_a_value_of_an_organization_is_stored_in_one_form(
    field: str, given: Any, stored: str
) -> None:
    made = helpers.call_action("organization_create", name="baule", **{field: given})
    shown = helpers.call_action("organization_show", id=made["id"])
    assert shown[field] == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("siren", "214500242"),
        ("siren", "abc"),
        ("kind", "ville"),
        ("insee_code", "45"),
        ("departement", "00"),
        ("departement", "20"),
        ("population", "-1"),
        ("population", "1.5"),
        ("population", "1e9"),
        ("population", "NaN"),
        ("population", "9" * 40),
        ("agents", "beaucoup"),
        ("agents", True),
        ("website", "javascript:alert(1)"),
        ("website", "https://example.org/" + "x" * 500),
    ],
)
def test_a_wrong_value_of_an_organization_is_refused_at_its_field(
    field: str, value: Any
) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        helpers.call_action("organization_create", name="baule", **{field: value})
    assert list(refused.value.error_dict) == [field]


def _page(app: Any, url: str) -> BeautifulSoup:
    token = factories.SysadminWithToken()["token"]
    response = app.get(url, headers={"Authorization": token})
    assert response.status_code == 200
    return BeautifulSoup(response.body, "html.parser")


@pytest.mark.parametrize(
    ("lang", "label", "frequency", "kit"),
    [
        ("fr", "Fréquence de mise à jour", "Chaque trimestre", "Délibérations"),
        ("en", "Update frequency", "Every three months", "Council decisions"),
    ],
)
def test_the_form_of_a_dataset(
    app: Any,
    organization: dict[str, Any],
    lang: str,
    label: str,
    frequency: str,
    kit: str,
) -> None:
    page = _page(app, f"/{lang}/dataset/new")
    assert label in page.select_one("label[for=field-frequency]").text
    assert page.select_one("#field-frequency option[value=quarterly]").text == frequency
    assert page.select_one("#field-challenge_kit option[value=deliberations]").text == kit
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


@pytest.mark.parametrize(("lang", "text"), [("fr", "Chaque trimestre"), ("en", "Every")])
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

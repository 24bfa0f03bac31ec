"""A portal that keeps its own forms, fields and licences.

Its schemas are those of ``tests/strangers``.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers
from factories import apply, call_as, collectivites, make_cohort
from helpers.browser import PASSWORD, Browser
from helpers.strangers import BAULE, SIRET, marked, read_own_licences, renamed, stranger

from ckanext.challenge import config, measures, programmes
from ckanext.challenge.common import own_fields
from ckanext.challenge.common.organizations import organizations_with_siren
from ckanext.challenge.datasets import places
from ckanext.challenge.domain import own_fields as rules
from ckanext.challenge.domain.measurement import Subject
from ckanext.challenge.model import catalog

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture(autouse=True)
def _licences(with_plugins: None, monkeypatch: pytest.MonkeyPatch) -> None:
    read_own_licences(monkeypatch)


def call(action: str, **data: Any) -> Any:
    user = helpers.call_action("get_site_user")
    return helpers.call_action(action, {"user": user["name"]}, **data)


def organization(**fields: Any) -> dict[str, Any]:
    return call(
        "organization_create", name=factories.Organization.stub().name, **fields
    )


def dataset(owner: str, **fields: Any) -> dict[str, Any]:
    name = factories.Dataset.stub().name
    return call("package_create", name=name, owner_org=owner, **fields)


def lacking(owner: str, name: str = "described_share") -> set[str]:
    subject = Subject(owner)
    found = measures.measure([name], [subject])[name][subject]
    return {lack for one in found.missing for lack in one}


@pytest.mark.parametrize("name", rules.FIELDS)
def test_each_setting_is_declared_with_our_name_as_default(name: str) -> None:
    assert tk.config[f"ckanext.challenge.field.{name}"] == name
    assert config.field(name) == name


@pytest.mark.parametrize(
    "name", ["x'; DROP TABLE package; --", "a b", "a%b", "é", "a.b.c", ":x", "x" * 101]
)
def test_what_cannot_be_a_name_is_not_taken(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tk.config, "ckanext.challenge.field.siren", name)
    assert config.field("siren") == "siren"
    assert config.asked_field("siren") == name


VALUES = [
    "214500241", SIRET, " 214 500 241 ", "214\u202f500 241", "2145", "néant", "", "x'y",
    "Commune", "commune ", "EPCI", "2a", "45", "Loiret", "45024", "2A004", "5 855",
    "5855", "environ 2000", "annual", "ANNUAL", "annuelle", "%", ":a", "\\",
    "http://publications.europa.eu/resource/authority/frequency/ANNUAL",
    '[{"email": "a@example.org", "start": "2024-01-01"}]', "[{]",
]  # fmt: skip


@pytest.mark.parametrize("name", [*rules.SHAPES, "contact_email", "temporal_start"])
@pytest.mark.parametrize("parted", [False, True])
def test_python_and_postgresql_read_alike(
    name: str, parted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if parted:
        monkeypatch.setitem(
            tk.config,
            f"ckanext.challenge.field.{name}",
            f"held.{'start' if name == 'temporal_start' else 'email'}",
        )
    sql = catalog.counted(name, "stored.value")
    rows = model.Session.execute(
        sa.text(
            f"""
            SELECT stored.value, coalesce({sql}, '') AS counts
            FROM unnest(CAST(:values AS text[])) AS stored (value)
            """
        ),
        {"values": VALUES},
    )
    theirs = config.field(name)
    field = rules.split(theirs)[0]
    for value, counts in rows:
        held = rules.held({field: value}, theirs)
        assert rules.clean(name, held) == counts, value


@marked(renamed)
def test_their_fields_are_measured() -> None:
    owner = organization(siret_siren=SIRET, type_collectivite="Commune", dept="45")
    whole = {
        "notes": "Ce que le conseil municipal a décidé, séance par séance. " * 3,
        "license_id": "notre-lo",
        "periodicite": "annuelle",
        "territoire": "45024",
        "temporal_coverage": [{"start": "2024-01-01", "end": "2024-12-31"}],
        "contact": [{"name": "Mairie", "email": "mairie@example.org"}],
        "resources": [
            {
                "url": "https://example.org/a.csv",
                "format": "CSV",
                "description": "Un fichier",
                "schema_name": "scdl/deliberations",
            }
        ],
    }
    made = dataset(owner["id"], **whole)
    assert lacking(owner["id"]) == set()
    assert lacking(owner["id"], "open_licence_share") == set()
    assert lacking(owner["id"], "fresh_share") == set()
    assert "contact" not in lacking(owner["id"], "mqa_points")
    assert [one.id for one in organizations_with_siren(BAULE)] == [owner["id"]]
    shown = call("package_show", id=made["id"])
    assert places.codes(shown) == ["45024"]
    assert places.publisher(owner["id"]).siren == BAULE
    assert own_fields.read(shown, "temporal_end") == "2024-12-31"
    resource = shown["resources"][0]
    report = call("challenge_conformity_show", resource_id=resource["id"])
    assert report["schema"] == "scdl/deliberations"
    row = call("challenge_dataset_list")["results"][0]
    assert row["organization"]["siren"] == BAULE


@marked(renamed)
def test_what_is_written_goes_into_their_forms() -> None:
    told = own_fields.written(
        "dataset",
        {
            "title": "Titre",
            "frequency": "annual",
            "temporal_start": "2024-01-01",
            "temporal_end": "2024-12-31",
            "challenge_kit": "deliberations",
            "license_id": catalog.own_licence("etalab-2.0"),
        },
    )
    assert told == {
        "title": "Titre",
        "periodicite": "annuelle",
        "temporal_coverage": [{"start": "2024-01-01", "end": "2024-12-31"}],
        "license_id": "notre-lo",
        # Their form has no such field.
        "extras": [{"key": "challenge_kit", "value": "deliberations"}],
    }
    owner = organization()
    made = dataset(owner["id"], **told)
    assert own_fields.read(made, "temporal_end") == "2024-12-31"
    assert own_fields.read(made, "challenge_kit") == "deliberations"
    # Nothing of theirs means "every three hours".
    assert own_fields.written("dataset", {"frequency": "trihourly"}) == {}
    assert own_fields.written("resource", {"schema": "a/b"}) == {"schema_name": "a/b"}


@marked(renamed)
def test_what_is_known_of_an_organization_goes_into_theirs() -> None:
    values = {"siren": BAULE, "kind": "cc", "population": "1985", "departement": "45"}
    told = own_fields.written("organization", values)
    assert told == {
        "siret_siren": BAULE,
        "dept": "45",
        "extras": [{"key": "population", "value": "1985"}],
    }
    there = {"siret_siren": SIRET, "dept": "45", "own": "kept", "population": "12"}
    told = own_fields.written("organization", values, there)
    # The SIRET says the same already, and what else they have stays.
    assert told == {
        "extras": [
            {"key": "own", "value": "kept"},
            {"key": "population", "value": "1985"},
        ]
    }


@marked(renamed)
def test_a_match_is_written_into_their_field() -> None:
    collectivites()
    made = organization(title="Baule", extras=[{"key": "own", "value": "kept"}])
    call("challenge_match_decide", organization=made["id"], siren=BAULE)
    shown = call("organization_show", id=made["id"])
    assert shown["siret_siren"] == BAULE
    assert shown["type_collectivite"] == "Commune"
    assert {row["key"]: row["value"] for row in shown["extras"]}["own"] == "kept"
    assert organizations_with_siren(BAULE)[0].id == made["id"]
    other = organization(title="Baule aussi")
    with pytest.raises(tk.ValidationError, match="Baule"):
        call("challenge_match_decide", organization=other["id"], siren=BAULE)


@marked(renamed)
def test_an_acceptance_makes_an_organization_of_their_form() -> None:
    collectivites()
    made = apply(make_cohort())
    manager = factories.Sysadmin()
    call_as(manager, "challenge_application_review", id=made["id"], decision="accept")
    (group,) = organizations_with_siren(BAULE)
    shown = call("organization_show", id=group.id)
    assert shown["siret_siren"] == BAULE
    assert shown["type_collectivite"] == "Commune"
    assert shown["dept"] == "45"
    extras = {row["key"]: row["value"] for row in shown["extras"]}
    assert extras == {"insee_code": "45024", "population": "1985", "agents": "12.50"}


@marked(stranger)
def test_nonsense_in_extras_stops_nothing(app: Any) -> None:
    owner = organization(
        extras=[
            {"key": "siren", "value": "à compléter"},
            {"key": "population", "value": "environ 2000"},
            {"key": "kind", "value": "mairie"},
        ]
    )
    made = dataset(owner["id"], extras=[{"key": "frequency", "value": "parfois"}])
    call("package_patch", id=made["id"], title="Un autre titre")
    call("organization_patch", id=owner["id"], title="Un autre nom")
    assert "frequency" in lacking(owner["id"])
    subject = Subject(owner["id"])
    profile = measures.measure(["organization_profile"], [subject])
    lacks = profile["organization_profile"][subject].lacking
    assert {"siren", "population", "kind"} <= set(lacks)
    cohort = make_cohort("running")
    user = factories.Sysadmin()
    call_as(
        user,
        "challenge_participant_create",
        cohort=cohort["name"],
        organization=owner["id"],
    )
    for page in (
        f"/organization/{owner['name']}",
        f"/dataset/{made['name']}",
        f"/challenge/{cohort['name']}/{owner['name']}",
        "/challenge/observatory",
        "/challenge/kits",
    ):
        assert app.get(page).status_code == 200, page


@marked(stranger)
def test_kits_are_offered_under_the_licence_that_the_portal_has() -> None:
    kits = call("challenge_kit_list", limit=100)["results"]
    assert {kit["licence"] for kit in kits} & {"notre-lo"}
    assert "etalab-2.0" not in {kit["licence"] for kit in kits}
    assert tk.h.challenge_default_licence() == "notre-lo"
    # A list without one that means the same: ours stays.
    assert catalog.own_licence("odc-odbl") == "odc-odbl"
    # The author of a programme is not warned of what the portal has.
    told = [str(found) for one in programmes.all() for found in programmes.advise(one)]
    assert not any("'etalab-2.0'" in text for text in told)
    choices = tk.h.challenge_license_choices({})
    assert [choice["value"] for choice in choices] == ["notre-lo", "maison"]


def test_a_list_of_licences_that_is_away_stops_no_measure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = organization()
    dataset(owner["id"], license_id="lov2")

    def away() -> None:
        raise OSError("Couldn't connect to the licenses service")

    monkeypatch.setattr(model.Package, "get_license_register", away)
    assert lacking(owner["id"], "open_licence_share") == set()
    assert catalog.own_licence("lov2") == "etalab-2.0"


@marked(renamed)
def test_the_index_has_the_kit_by_our_name() -> None:
    owner = organization()
    made = dataset(
        owner["id"], extras=[{"key": "challenge_kit", "value": "deliberations"}]
    )
    found = call("package_search", fq="challenge_kit:deliberations")
    assert [row["id"] for row in found["results"]] == [made["id"]]


def doctor() -> dict[str, dict[str, Any]]:
    shown = call_as(factories.Sysadmin(), "challenge_doctor_show")
    return {row["check"]: row for row in shown["results"]}


@marked(stranger)
def test_the_doctor_tells_the_lines_that_mend_it(app: Any) -> None:
    owner = organization(siret_siren=SIRET, type_collectivite="Commune", dept="45")
    dataset(owner["id"], periodicite="annuelle", extras=[{"key": "kit", "value": "x"}])
    found = doctor()
    assert found["organization_fields"]["remedy"].splitlines() == [
        "ckanext.challenge.field.siren = siret_siren",
        "ckanext.challenge.field.kind = type_collectivite",
        "ckanext.challenge.field.departement = dept",
    ]
    assert found["dataset_fields"]["remedy"].splitlines() == [
        "ckanext.challenge.field.challenge_kit = kit",
        "ckanext.challenge.field.frequency = periodicite",
        "ckanext.challenge.field.temporal_start = temporal_coverage.start",
        "ckanext.challenge.field.temporal_end = temporal_coverage.end",
        "ckanext.challenge.field.spatial_insee = territoire",
        "ckanext.challenge.field.contact_email = contact.email",
    ]
    assert found["resource_fields"]["remedy"].splitlines() == [
        "ckanext.challenge.field.schema = schema_name"
    ]
    browser = Browser(app).sign_in(factories.Sysadmin(password=PASSWORD))
    page = browser.get("/challenge/manage/doctor").get_data(as_text=True)
    for line in found["organization_fields"]["remedy"].splitlines():
        assert f"<code>{line}</code>" in page
    assert "odc-odbl" in found["licences"]["text"]
    assert "etalab-2.0" not in found["licences"]["text"]
    assert found["field_values"]["verdict"] == "good"


@marked(renamed)
def test_the_doctor_is_content_with_the_lines_that_it_told() -> None:
    organization(siret_siren="à compléter", type_collectivite="Commune")
    found = doctor()
    assert found["resource_fields"]["verdict"] == "good"
    # Their forms have no more.
    assert found["organization_fields"]["text"].endswith("insee_code, population")
    assert found["dataset_fields"]["text"].endswith("challenge_kit")
    assert "'à compléter'" in found["field_values"]["text"]


@pytest.mark.ckan_config("ckan.plugins", "challenge activity")
def test_the_doctor_reads_the_extras_of_a_portal_without_forms() -> None:
    for siren in (BAULE, "213601594", "243700754"):
        organization(extras=[{"key": "numero", "value": siren}])
    organization(extras=[{"key": "kind", "value": "mairie"}])
    found = doctor()
    assert found["organization_fields"]["remedy"] == (
        "ckanext.challenge.field.siren = numero"
    )
    assert "'mairie'" in found["field_values"]["text"]

"""What our forms hold in DCAT-AP, read by programs of others: rdflib and pyshacl."""

from __future__ import annotations

from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import BAULE, POINCONNET, call_as, collectivites
from helpers.catalogue import (
    PLUGINS,
    SHAPES,
    SQUARE,
    make_dataset,
    make_organization,
    read,
    violations,
)
from helpers.strangers import marked, renamed
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF

from benchmarks.statements import sent_statements
from ckanext.challenge.conformity import registry
from ckanext.challenge.model import contour

DCATAP = Namespace("http://data.europa.eu/r5r/")
LOCN = Namespace("http://www.w3.org/ns/locn#")
EU = Namespace("http://publications.europa.eu/resource/authority/")
with_shapes = pytest.mark.skipif(not SHAPES.is_dir(), reason="the shapes are not here")
pytestmark = [
    pytest.mark.ckan_config("ckan.plugins", PLUGINS),
    pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"),
]


def of_dataset(app: Any, dataset: dict[str, Any]) -> tuple[Graph, Any, Any]:
    """The graph of a dataset, its node and that of its first file."""
    graph = read(app, f"/dataset/{dataset['name']}.ttl")
    (node,) = graph.subjects(RDF.type, DCAT.Dataset)
    return graph, node, graph.value(node, DCAT.distribution)


def test_a_dataset_says_all_that_its_form_holds(app: Any) -> None:
    collectivites()
    graph, node, file = of_dataset(app, make_dataset(make_organization()))
    said = {
        DCTERMS.accrualPeriodicity: EU["frequency/QUARTERLY"],
        DCTERMS.accessRights: EU["access-right/PUBLIC"],
        DCTERMS.language: EU["language/FRA"],
        DCAT.theme: EU["data-theme/REGI"],
        DCATAP.hvdCategory: URIRef("http://data.europa.eu/bna/c_ac64a52d"),
    }
    for predicate, value in said.items():
        assert list(graph.objects(node, predicate)) == [value]
    places_of_it = set(graph.objects(node, DCTERMS.spatial))
    assert places_of_it == {
        URIRef("http://id.insee.fr/geo/commune/45024"),
        URIRef("http://data.europa.eu/nuts/code/FRB06"),
    }
    period = graph.value(node, DCTERMS.temporal)
    assert str(graph.value(period, DCAT.startDate)).startswith("2024-01-01")
    assert str(graph.value(period, DCAT.endDate)).startswith("2024-12-31")
    assert str(graph.value(node, DCAT.landingPage)).startswith("http")
    publisher = graph.value(node, DCTERMS.publisher)
    assert str(graph.value(publisher, DCTERMS.identifier)) == BAULE
    assert str(graph.value(publisher, DCTERMS.type)).endswith("/LocalAuthority")
    assert str(graph.value(publisher, FOAF.homepage)) == "https://www.baule.example"
    contact = graph.value(node, DCAT.contactPoint)
    emails = list(graph.objects(contact, None))
    assert URIRef("mailto:mairie@example.org") in emails

    schema = registry.get("scdl/deliberations")
    assert schema
    distribution = {
        DCTERMS.license: URIRef(
            "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/"
            "ETALAB-Licence-Ouverte-v2.0.pdf"
        ),
        DCTERMS.conformsTo: URIRef(str(schema.source)),
        DCTERMS.format: EU["file-type/CSV"],
        DCAT.mediaType: URIRef("https://www.iana.org/assignments/media-types/text/csv"),
        DCAT.downloadURL: URIRef("https://example.org/deliberations.csv"),
        DCAT.accessURL: URIRef("https://example.org/deliberations.csv"),
    }
    for predicate, value in distribution.items():
        assert list(graph.objects(file, predicate)) == [value]
    assert int(str(graph.value(file, DCAT.byteSize))) == 2048
    standard = graph.value(file, DCTERMS.conformsTo)
    assert graph.value(standard, DCAT.version) == Literal(schema.version)
    assert graph.value(standard, DCTERMS.title)


def test_a_commune_by_its_siren_has_the_address_of_its_code(app: Any) -> None:
    collectivites()
    dataset = make_dataset(make_organization(), spatial_insee="214500241")
    graph, node, _ = of_dataset(app, dataset)
    assert {str(one) for one in graph.objects(node, DCTERMS.spatial)} >= {
        "http://id.insee.fr/geo/commune/45024"
    }
    assert "intercommunalite" not in graph.serialize(format="turtle")


def test_an_odbl_and_an_epci(app: Any) -> None:
    collectivites()
    dataset = make_dataset(
        make_organization(),
        license_id="odbl",
        spatial_insee="45024,244500468",
        challenge_kit="",
    )
    graph, node, file = of_dataset(app, dataset)
    assert graph.value(file, DCTERMS.license) == URIRef(
        "https://opendatacommons.org/licenses/odbl/1-0/"
    )
    intercommunalite = "http://id.insee.fr/geo/intercommunalite/244500468"
    assert (node, DCTERMS.spatial, URIRef(intercommunalite)) in graph
    assert graph.value(node, DCAT.theme) is None
    assert graph.value(node, DCATAP.hvdCategory) is None


def test_contours_become_a_polygon_and_a_box(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    collectivites()
    monkeypatch.setattr(contour, "outlines", lambda codes: dict.fromkeys(codes, SQUARE))
    graph, _, _ = of_dataset(app, make_dataset(make_organization()))
    place = URIRef("http://id.insee.fr/geo/commune/45024")
    outline = graph.value(place, LOCN.geometry)
    assert isinstance(outline, Literal)
    assert str(outline.datatype).endswith("application/vnd.geo+json")
    assert "Polygon" in outline
    box = str(graph.value(place, DCAT.bbox))
    assert box.startswith("POLYGON ((1.6000 47.7800, 1.7200 47.7800")
    assert str(graph.value(place, DCAT.centroid)) == "POINT (1.6600 47.8100)"


def test_what_nobody_filled_in_is_not_invented(app: Any) -> None:
    organization = factories.Organization(title="Commune de Baule")
    dataset = factories.Dataset(
        owner_org=organization["id"],
        notes="",
        license_id="notspecified",
        resources=[{"url": "https://example.org/page", "hash": "no checksum"}],
    )
    graph, node, file = of_dataset(app, dataset)
    for predicate in (
        DCTERMS.accrualPeriodicity,
        DCTERMS.spatial,
        DCTERMS.temporal,
        DCAT.theme,
        DCAT.contactPoint,
    ):
        assert graph.value(node, predicate) is None
    for predicate in (
        DCTERMS.license,
        DCTERMS.conformsTo,
        DCTERMS.format,
        DCAT.downloadURL,
    ):
        assert graph.value(file, predicate) is None
    assert str(graph.value(node, DCTERMS.description)) == dataset["title"]


@with_shapes
def test_the_official_shapes_find_nothing_wrong(app: Any) -> None:
    collectivites()
    organization = make_organization()
    make_dataset(organization)
    make_dataset(
        organization,
        resources=[
            {"url": "https://example.org/a.xyz", "format": "Inconnu", "hash": "abc"},
            {"url": "https://example.org/b.pdf", "format": "PDF", "hash": "0" * 32},
        ],
    )
    factories.Dataset(owner_org=factories.Organization()["id"], notes="")
    assert violations(read(app, "/catalog.ttl")) == []
    # Without our profile they do.
    assert violations(read(app, "/catalog.ttl?profiles=euro_dcat_ap_3"))


def test_a_catalogue_of_many_asks_no_more(app: Any) -> None:
    """Neither datasets, nor territories, nor publishers are read one by one."""
    collectivites()

    def sent() -> int:
        with sent_statements() as statements:
            app.get("/catalog.ttl")
        return len(statements)

    make_dataset(make_organization())
    app.get("/catalog.ttl")
    few = sent()
    organizations = [
        make_organization(siren=siren, title=f"Commune {siren}", name=f"c-{siren}")
        for siren in (POINCONNET, "213600067")
    ]
    for organization in organizations:
        make_dataset(organization, spatial_insee="36159,36006")
        make_dataset(organization, spatial_insee="36006")
    # ckanext-dcat reads each publisher once, and keeps it as long as it runs.
    app.get("/catalog.ttl")
    assert sent() == few


def test_identifiers_outlive_a_rename(app: Any) -> None:
    organization = make_organization()
    dataset = make_dataset(organization)

    def identified() -> set[Any]:
        graph = read(app, "/catalog.ttl")
        (node,) = graph.subjects(RDF.type, DCAT.Dataset)
        return {
            node,
            graph.value(node, DCTERMS.identifier),
            graph.value(node, DCTERMS.publisher),
            graph.value(node, DCAT.distribution),
        }

    before = identified()
    user = factories.Sysadmin()
    call_as(user, "package_patch", id=dataset["id"], name="un-autre-nom")
    call_as(user, "organization_patch", id=organization["id"], name="une-autre")
    model.Session.remove()
    assert identified() == before


@marked(renamed)
def test_fields_under_other_names_are_told(app: Any) -> None:
    collectivites()
    organization = factories.Organization(siret_siren="21450024100015")
    dataset = factories.Dataset(
        owner_org=organization["id"],
        license_id="notre-lo",
        periodicite="annuelle",
        territoire="45024",
        temporal_coverage=[{"start": "2024-01-01", "end": "2024-12-31"}],
        contact=[{"name": "Mairie", "email": "mairie@example.org"}],
        resources=[
            {"url": "https://a.example/a.csv", "schema_name": "scdl/deliberations"}
        ],
    )
    graph, node, file = of_dataset(app, dataset)
    assert graph.value(node, DCTERMS.accrualPeriodicity) == EU["frequency/ANNUAL"]
    place = URIRef("http://id.insee.fr/geo/commune/45024")
    assert (node, DCTERMS.spatial, place) in graph
    publisher = graph.value(node, DCTERMS.publisher)
    assert str(graph.value(publisher, DCTERMS.identifier)) == BAULE
    period = graph.value(node, DCTERMS.temporal)
    assert str(graph.value(period, DCAT.startDate)).startswith("2024-01-01")
    assert str(graph.value(period, DCAT.endDate)).startswith("2024-12-31")
    contact = graph.value(node, DCAT.contactPoint)
    assert URIRef("mailto:mairie@example.org") in graph.objects(contact, None)
    schema = registry.get("scdl/deliberations")
    assert schema
    assert graph.value(file, DCTERMS.conformsTo) == URIRef(str(schema.source))


@marked(renamed)
def test_nonsense_of_theirs_is_not_told(app: Any) -> None:
    organization = factories.Organization(siret_siren="néant")
    dataset = factories.Dataset(
        owner_org=organization["id"],
        periodicite="mensuelle",
        territoire="partout",
        extras=[{"key": "contact_email", "value": "la mairie"}],
    )
    graph, node, _ = of_dataset(app, dataset)
    publisher = graph.value(node, DCTERMS.publisher)
    assert graph.value(publisher, DCTERMS.identifier) is None
    assert graph.value(node, DCTERMS.spatial) is None
    assert graph.value(node, DCTERMS.temporal) is None

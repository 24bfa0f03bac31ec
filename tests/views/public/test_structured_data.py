"""What programs read on pages and in the catalogue's RDF: schema.org and DCAT."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as
from helpers.progress import make_award
from lxml import html
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS

from ckanext.challenge.domain.characters import cleaned, cleaned_document

DQV = Namespace("http://www.w3.org/ns/dqv#")
OA = Namespace("http://www.w3.org/ns/oa#")
PLUGINS = ["activity", "challenge", "scheming_datasets", "scheming_organizations"]
#: What somebody may write into a title, to break out of a script.
ODD = "Lignières </script><script>alert(1)</script> & <!-- Cie"


class _World:
    def __init__(self) -> None:
        self.organization = factories.Organization(title=ODD)
        self.counted, self.other = (
            factories.Dataset(owner_org=self.organization["id"], title=ODD)
            for _ in range(2)
        )
        met = {"measure": "datasets_public", "value": 2, "target": 1}
        criteria = {"met": [{**met, "datasets": [self.counted["id"]]}]}
        self.award = make_award(
            self.organization["id"], "donnees-decrites", criteria=criteria
        )
        model.Session.commit()


@pytest.fixture
def world(with_plugins: None, clean_db: None, clean_index: None) -> _World:
    return _World()


def _said(app: Any, path: str) -> list[dict[str, Any]]:
    """The blocks of JSON-LD on a page."""
    page = html.document_fromstring(app.get(path).body)
    assert not page.xpath("//script[contains(text(), 'alert(1)')][not(@type)]")
    return [
        json.loads(text)
        for text in page.xpath("//script[@type='application/ld+json']/text()")
    ]


def test_pages_say_what_an_organization_holds(app: Any, world: _World) -> None:
    award = call_as(None, "challenge_award_show", id=world.award.id)
    for path in (
        f"/organization/{world.organization['name']}",
        f"/organization/challenge/{world.organization['name']}",
        f"/challenge/awards/{world.award.id}",
    ):
        (said,) = _said(app, path)
        assert (said["@type"], said["name"]) == ("Organization", ODD), path
        assert said["award"] == [award["title"]]
        (credential,) = said["hasCredential"]
        assert credential["@type"] == "EducationalOccupationalCredential"
        assert credential["url"].endswith(f"/challenge/awards/{world.award.id}")
        assert credential["description"] in (
            "verified by the catalogue",
            "vérifié par le catalogue",
        )
    (said,) = _said(app, f"/dataset/{world.other['name']}")
    assert (said["@type"], said["name"]) == ("Dataset", ODD)
    assert said["publisher"]["award"] == [award["title"]]
    assert "license" in said or "description" in said


def test_a_badge_that_is_lost_is_no_credential(app: Any, world: _World) -> None:
    world.award.state = "revoked"
    model.Session.commit()
    (said,) = _said(app, f"/organization/{world.organization['name']}")
    assert "hasCredential" not in said
    (said,) = _said(app, f"/challenge/awards/{world.award.id}")
    assert said["@type"] == "EducationalOccupationalCredential"


@pytest.mark.ckan_config("ckan.plugins", [*PLUGINS, "dcat", "structured_data"])
class TestWithDcat:
    def test_a_dataset_has_the_certificates_it_counted_for(
        self, app: Any, world: _World
    ) -> None:
        for path in (
            f"/dataset/{world.counted['name']}.ttl",
            f"/dataset/{world.other['name']}.ttl",
            "/catalog.ttl",
        ):
            graph = Graph().parse(data=app.get(path).body, format="turtle")
            certificates = set(graph.subjects(RDF.type, DQV.QualityCertificate))
            by_target = {graph.value(one, OA.hasTarget): one for one in certificates}
            targets = {str(target).rpartition("/")[2] for target in by_target}
            wanted = {world.organization["id"], world.counted["id"]}
            if world.other["name"] in path:
                wanted = {world.organization["id"]}
            assert targets == wanted, path
            for target, certificate in by_target.items():
                assert (target, DQV.hasQualityAnnotation, certificate) in graph
                body = graph.value(certificate, OA.hasBody)
                assert isinstance(body, URIRef)
                assert body.endswith(f"/challenge/awards/{world.award.id}")
            publishers = set(graph.objects(None, DCTERMS.publisher))
            assert publishers & set(by_target)

    def test_what_a_publisher_says_of_itself_is_no_certificate(
        self, app: Any, world: _World
    ) -> None:
        met = {"measure": "kits_chosen", "value": 3, "target": 3, "datasets": []}
        declared = make_award(
            world.organization["id"], "challenge-releve", criteria={"met": [met]}
        )
        model.Session.commit()
        path = f"/dataset/{world.other['name']}.ttl"
        graph = Graph().parse(data=app.get(path).body, format="turtle")
        kinds = {
            str(graph.value(one, OA.hasBody)).rpartition("/")[2]: (
                kind,
                str(graph.value(one, RDFS.comment)),
            )
            for kind in (DQV.QualityCertificate, DQV.QualityAnnotation)
            for one in graph.subjects(RDF.type, kind)
        }
        assert kinds == {
            declared.id: (DQV.QualityAnnotation, "déclaré par la collectivité"),
            world.award.id: (DQV.QualityCertificate, "vérifié par le catalogue"),
        }

    def test_no_node_has_what_readers_disagree_on(
        self, app: Any, with_plugins: None, clean_db: None, clean_index: None
    ) -> None:
        """Contacts, creators and distributions stand in nodes of their own."""
        odd = "Mairie\u202e de\x0b Baule\x85"
        organization = factories.Organization(title=odd)
        dataset = factories.Dataset(
            owner_org=organization["id"],
            title=odd,
            author=odd,
            author_email="mairie@example.org",
            maintainer=odd,
            maintainer_email="mairie@example.org",
            resources=[{"url": "https://example.org/a.csv", "name": odd}],
        )
        for ending in ("ttl", "jsonld"):
            path = f"/dataset/{dataset['name']}.{ending}"
            form = {"ttl": "turtle", "jsonld": "json-ld"}[ending]
            graph = Graph().parse(data=app.get(path).body, format=form)
            literals = [str(o) for o in graph.objects() if isinstance(o, Literal)]
            assert [text for text in literals if cleaned(text) != text] == []
            assert literals.count(cleaned(odd)) > 3
        (said,) = _said(app, f"/dataset/{dataset['name']}")
        assert cleaned_document(said) == said

    def test_its_structured_data_names_them(self, app: Any, world: _World) -> None:
        (said,) = _said(app, f"/dataset/{world.counted['name']}")
        nodes = {node["@id"]: node for node in said["@graph"] if "@id" in node}
        (publisher,) = (
            node for node in nodes.values() if "schema:hasCredential" in node
        )
        credential = publisher["schema:hasCredential"]["@id"]
        assert credential.endswith(f"/challenge/awards/{world.award.id}")
        assert nodes[credential]["schema:credentialCategory"] == "badge"

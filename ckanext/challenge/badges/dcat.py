"""Badges in DCAT and in schema.org, where ckanext-dcat is enabled.

It finds these profiles as entry points (``ckan.rdf.profiles``); the plugin adds their
names to its settings. Without ckanext-dcat nothing imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdflib import Literal, Namespace, URIRef
from rdflib.namespace import RDFS, XSD
from rdflib.term import Node

from ckanext.challenge.common import labels
from ckanext.challenge.common.language import current
from ckanext.challenge.domain.characters import cleaned
from ckanext.dcat.profiles.base import (  # type: ignore[import]
    DCT,
    RDF,
    SCHEMA,
    RDFProfile,
)

from . import package_badges

DQV = Namespace("http://www.w3.org/ns/dqv#")
OA = Namespace("http://www.w3.org/ns/oa#")

# How far from a dataset the nodes are that are about it: itself, one of its
# distributions, the service of that.
_DEPTH = 3


# By its catalogue one would come to all other datasets; certificates are written clean,
# and publishers have many.
_NOT_FOLLOWED = frozenset({SCHEMA.includedInDataCatalog, DQV.hasQualityAnnotation})


class BadgesProfile(RDFProfile):
    """Quality certificates of the Data Quality Vocabulary (W3C, 2016, §5.8).

    The publisher has one for each badge that it holds. A dataset has those alone for
    which it counted: of the others nothing was verified on it. Each says what stands
    behind it; what the publisher says of itself is an annotation and no certificate.
    """

    def graph_from_dataset(
        self, dataset_dict: dict[str, Any], dataset_ref: Any
    ) -> None:
        """Add what is held; the badges came with the dataset, so nothing is read."""
        self.g.bind("dqv", DQV)
        self.g.bind("oa", OA)
        _clean(self.g, dataset_ref)
        publisher = self.g.value(dataset_ref, DCT.publisher)
        for badge in package_badges.said_of("dataset", dataset_dict):
            if publisher is not None:
                self._certify(publisher, badge, "publisher")
            if badge["counted"]:
                self._certify(dataset_ref, badge, dataset_dict["id"])

    def _certify(self, target: Node, badge: Mapping[str, Any], fragment: str) -> None:
        # Named, so that a catalogue of many datasets says it once.
        certificate = URIRef(f"{badge['url']}#{fragment}")
        if (target, DQV.hasQualityAnnotation, certificate) in self.g:
            return
        word = badge["assurance"]
        behind = Literal(labels.award_assurance(word), lang=current())
        proven = word in ("confirmed", "verified")
        kind = DQV.QualityCertificate if proven else DQV.QualityAnnotation
        for predicate, value in (
            (RDF.type, kind),
            (RDFS.comment, behind),
            (RDFS.label, Literal(cleaned(badge["title"]), lang=current())),
            (OA.hasTarget, target),
            (OA.hasBody, URIRef(badge["url"])),
            (OA.motivatedBy, DQV.qualityAssessment),
            (DCT.issued, Literal(badge["awarded_at"], datatype=XSD.dateTime)),
        ):
            self.g.add((certificate, predicate, value))
        self.g.add((target, DQV.hasQualityAnnotation, certificate))


def _clean(graph: Any, dataset: Node) -> None:
    """Take out of a dataset's texts what no document of RDF can hold as it is.

    Those of what it leads to as well: its publisher, distributions, contacts, creators,
    periods and what a profile of another plugin adds.
    """
    seen: set[Node] = {dataset}
    subjects: list[Node] = [dataset]
    for _ in range(_DEPTH):
        found: list[Node] = []
        for subject in subjects:
            for predicate, value in list(graph.predicate_objects(subject)):
                if isinstance(value, Literal):
                    _clean_literal(graph, subject, predicate, value)
                elif value not in seen and predicate not in _NOT_FOLLOWED:
                    seen.add(value)
                    found.append(value)
        subjects = found


def _clean_literal(graph: Any, subject: Node, predicate: Node, value: Literal) -> None:
    text = cleaned(str(value))
    if text == str(value):
        return
    graph.remove((subject, predicate, value))
    clean = Literal(text, lang=value.language, datatype=value.datatype)
    graph.add((subject, predicate, clean))


class SchemaOrgBadgesProfile(RDFProfile):
    """The credentials of the publisher, beside what ckanext-dcat says of a dataset."""

    def graph_from_dataset(
        self, dataset_dict: dict[str, Any], dataset_ref: Any
    ) -> None:
        """Add what is held."""
        _clean(self.g, dataset_ref)
        publisher = self.g.value(dataset_ref, SCHEMA.publisher)
        if publisher is None:
            return
        for badge in package_badges.said_of("dataset", dataset_dict):
            credential = URIRef(badge["url"])
            behind = labels.award_assurance(badge["assurance"])
            for predicate, value in (
                (RDF.type, SCHEMA.EducationalOccupationalCredential),
                (SCHEMA.name, Literal(cleaned(badge["title"]))),
                (SCHEMA.url, Literal(badge["url"])),
                (SCHEMA.credentialCategory, Literal("badge")),
                (SCHEMA.description, Literal(behind)),
                (SCHEMA.dateCreated, Literal(badge["awarded_at"])),
            ):
                self.g.add((credential, predicate, value))
            self.g.add((publisher, SCHEMA.hasCredential, credential))
            self.g.add((publisher, SCHEMA.award, Literal(cleaned(badge["title"]))))

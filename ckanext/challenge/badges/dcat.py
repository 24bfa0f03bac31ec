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

from ckanext.challenge.common.language import current
from ckanext.challenge.domain.characters import cleaned
from ckanext.dcat.profiles.base import (  # type: ignore[import]
    DCAT,
    DCT,
    RDF,
    SCHEMA,
    RDFProfile,
)

from . import package_badges

DQV = Namespace("http://www.w3.org/ns/dqv#")
OA = Namespace("http://www.w3.org/ns/oa#")


class BadgesProfile(RDFProfile):
    """Quality certificates of the Data Quality Vocabulary (W3C, 2016, §5.8).

    The publisher has one for each badge that it holds. A dataset has those alone for
    which it counted: of the others nothing was verified on it.
    """

    def graph_from_dataset(
        self, dataset_dict: dict[str, Any], dataset_ref: Any
    ) -> None:
        """Add what is held; the badges came with the dataset, so nothing is read."""
        self.g.bind("dqv", DQV)
        self.g.bind("oa", OA)
        publisher = self.g.value(dataset_ref, DCT.publisher)
        parts = self.g.objects(dataset_ref, DCAT.distribution)
        _clean(self.g, dataset_ref, publisher, *parts)
        for badge in package_badges.said_of("dataset", dataset_dict):
            if publisher is not None:
                self._certify(publisher, badge, "publisher")
            if badge["counted"]:
                self._certify(dataset_ref, badge, dataset_dict["id"])

    def _certify(self, target: Node, badge: Mapping[str, Any], fragment: str) -> None:
        # Named, so that a catalogue of many datasets says it once.
        certificate = URIRef(f"{badge['url']}#{fragment}")
        for predicate, value in (
            (RDF.type, DQV.QualityCertificate),
            (RDFS.label, Literal(cleaned(badge["title"]), lang=current())),
            (OA.hasTarget, target),
            (OA.hasBody, URIRef(badge["url"])),
            (OA.motivatedBy, DQV.qualityAssessment),
            (DCT.issued, Literal(badge["awarded_at"], datatype=XSD.dateTime)),
        ):
            self.g.add((certificate, predicate, value))
        self.g.add((target, DQV.hasQualityAnnotation, certificate))


def _clean(graph: Any, *subjects: Node | None) -> None:
    """Take out of a dataset's texts what no document of RDF can hold as it is."""
    for subject in subjects:
        if subject is None:
            continue
        for predicate, value in list(graph.predicate_objects(subject)):
            if not isinstance(value, Literal) or (text := cleaned(str(value))) == str(
                value
            ):
                continue
            graph.remove((subject, predicate, value))
            graph.add(
                (
                    subject,
                    predicate,
                    Literal(text, lang=value.language, datatype=value.datatype),
                )
            )


class SchemaOrgBadgesProfile(RDFProfile):
    """The credentials of the publisher, beside what ckanext-dcat says of a dataset."""

    def graph_from_dataset(
        self, dataset_dict: dict[str, Any], dataset_ref: Any
    ) -> None:
        """Add what is held."""
        publisher = self.g.value(dataset_ref, SCHEMA.publisher)
        parts = self.g.objects(dataset_ref, SCHEMA.distribution)
        _clean(self.g, dataset_ref, publisher, *parts)
        if publisher is None:
            return
        for badge in package_badges.said_of("dataset", dataset_dict):
            credential = URIRef(badge["url"])
            for predicate, value in (
                (RDF.type, SCHEMA.EducationalOccupationalCredential),
                (SCHEMA.name, Literal(cleaned(badge["title"]))),
                (SCHEMA.url, Literal(badge["url"])),
                (SCHEMA.credentialCategory, Literal("badge")),
                (SCHEMA.dateCreated, Literal(badge["awarded_at"])),
            ):
                self.g.add((credential, predicate, value))
            self.g.add((publisher, SCHEMA.hasCredential, credential))
            self.g.add((publisher, SCHEMA.award, Literal(cleaned(badge["title"]))))

"""What our forms hold, in DCAT-AP 3, where ckanext-dcat is enabled.

ckanext-dcat's own profiles come first and say what any CKAN knows; this one adds what
they do not see (territory, schema, SIREN, theme) and puts the EU's addresses where they
leave a word. It finds the profile as an entry point (``ckan.rdf.profiles``); the plugin
adds its name to the settings. Without ckanext-dcat nothing imports this module.

data.gouv.fr reads a schema as the one address of ``dct:conformsTo`` of a distribution,
and a territory as a polygon in GeoJSON; data.europa.eu wants addresses of its
vocabularies.
"""

from __future__ import annotations

import datetime as dt
import json
import mimetypes
import re
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import g
from rdflib import BNode, Literal, Namespace, URIRef
from rdflib.namespace import FOAF, RDF, SKOS, XSD
from rdflib.term import Node

from ckanext.challenge.common import own_fields
from ckanext.challenge.conformity import registry
from ckanext.challenge.domain import european
from ckanext.challenge.domain.boxes import box_of
from ckanext.challenge.domain.characters import cleaned
from ckanext.challenge.model import catalog
from ckanext.challenge.schemas import choices
from ckanext.dcat.profiles.base import (  # type: ignore[import]
    DCAT,
    DCT,
    LOCN,
    SPDX,
    VCARD,
    RDFProfile,
)
from ckanext.dcat.utils import resource_uri  # type: ignore[import]

from . import places

DCATAP = Namespace("http://data.europa.eu/r5r/")
ELI = Namespace("http://data.europa.eu/eli/ontology#")
GSP = Namespace("http://www.opengis.net/ont/geosparql#")
#: The datatype by which udata knows GeoJSON.
GEOJSON = URIRef(
    "https://www.iana.org/assignments/media-types/application/vnd.geo+json"
)

_PAGES = "challenge_dataset_pages"
_WEB = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EMAIL = re.compile(r"[^\s<>\"{}|\\^`@]+@[^\s<>\"{}|\\^`@]+")
#: Checksums by how many digits they have.
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}


class CatalogueProfile(RDFProfile):
    """The catalogue, its datasets and their distributions."""

    def graph_from_catalog(self, catalog_dict: Any, catalog_ref: Any) -> None:
        """Say who publishes the catalogue, in which language and of which country."""
        # What has a prefix is written twice as fast, once for all datasets.
        for prefix, namespace in european.PREFIXES.items():
            self.g.bind(prefix, namespace)
        self.g.bind("page", self._pages)
        title = cleaned(tk.config["ckan.site_title"])
        if not self._has(catalog_ref, DCT.description):
            self.g.add((catalog_ref, DCT.description, Literal(title)))
        publisher = URIRef(f"{str(catalog_ref).rstrip('/')}#publisher")
        self._add(publisher, RDF.type, FOAF.Agent)
        self._add(publisher, FOAF.name, Literal(title))
        self._add(catalog_ref, DCT.publisher, publisher)
        spoken = european.language(tk.config["ckan.locale_default"])
        self._replace(catalog_ref, DCT.language, spoken, DCT.LinguisticSystem)
        self._add(catalog_ref, DCT.spatial, URIRef(european.FRANCE))
        taxonomy = URIRef(european.THEME_TAXONOMY)
        self._add(catalog_ref, DCAT.themeTaxonomy, taxonomy)
        self._add(taxonomy, RDF.type, SKOS.ConceptScheme)
        self._add(taxonomy, DCT.title, Literal("Data theme", lang="en"))

    def graph_from_dataset(
        self, dataset_dict: dict[str, Any], dataset_ref: Any
    ) -> None:
        """Add what the form holds."""
        self._describe(dataset_dict, dataset_ref)
        self._date(dataset_dict, dataset_ref)
        self._introduce(dataset_dict, dataset_ref)
        self._publish(dataset_dict, dataset_ref)
        self._cover(dataset_dict, dataset_ref)
        category = self._sort(dataset_dict, dataset_ref)
        for resource in dataset_dict.get("resources") or ():
            node = URIRef(resource_uri(resource))
            if (node, RDF.type, DCAT.Distribution) not in self.g:
                continue
            self._distribute(dataset_dict, resource, node)
            if category:
                self._legislate(node)

    @property
    def _pages(self) -> str:
        """The address of a dataset's page without its name.

        Building one costs more than all the rest.
        """
        if not hasattr(g, _PAGES):
            url = tk.h.url_for("dataset.read", id="_", _external=True, locale="default")
            setattr(g, _PAGES, str(url).removesuffix("_"))
        return getattr(g, _PAGES)

    # What a dataset says of itself.

    def _describe(self, dataset: Mapping[str, Any], ref: Node) -> None:
        if not self._has(ref, DCT.description):
            # It has to have one.
            self._add(ref, DCT.description, Literal(dataset.get("title") or ""))
        if not self._has(ref, DCAT.landingPage):
            self._add(ref, DCAT.landingPage, URIRef(self._pages + dataset["name"]))
        self._replace(
            ref,
            DCT.accrualPeriodicity,
            european.frequency(own_fields.read(dataset, "frequency")),
            DCT.Frequency,
        )
        if not self._has(ref, DCT.language):
            self._speak(ref)
        if not dataset.get("private") and not self._has(ref, DCT.accessRights):
            self._add_typed(
                ref, DCT.accessRights, european.ACCESS_PUBLIC, DCT.RightsStatement
            )

    def _date(self, dataset: Mapping[str, Any], ref: Node) -> None:
        """The period, where ckanext-dcat does not know the field's name."""
        days = {
            DCAT.startDate: own_fields.read(dataset, "temporal_start")[:10],
            DCAT.endDate: own_fields.read(dataset, "temporal_end")[:10],
        }
        said = {name: day for name, day in days.items() if _is_day(day)}
        if not said or self._has(ref, DCT.temporal):
            return
        period = BNode()
        self._add(ref, DCT.temporal, period)
        self._add(period, RDF.type, DCT.PeriodOfTime)
        for name, day in said.items():
            self._add(period, name, Literal(day, datatype=XSD.date))

    def _introduce(self, dataset: Mapping[str, Any], ref: Node) -> None:
        """The contact, likewise."""
        address = own_fields.read(dataset, "contact_email")
        if not _EMAIL.fullmatch(address) or self._has(ref, DCAT.contactPoint):
            return
        contact = URIRef(f"{ref}#contact")
        name = own_fields.read(dataset, "contact_name") or address
        self._add(contact, RDF.type, VCARD.Organization)
        self._add(contact, VCARD.fn, Literal(cleaned(name)))
        self._add(contact, VCARD.hasEmail, URIRef(f"mailto:{address}"))
        self._add(ref, DCAT.contactPoint, contact)

    def _publish(self, dataset: Mapping[str, Any], ref: Node) -> None:
        organization = dataset.get("organization")
        publisher = self.g.value(ref, DCT.publisher)
        if not organization or publisher is None:
            return
        known = places.publisher(organization["id"])
        website = _WEB.fullmatch(known.website) and URIRef(known.website)
        if website and not self._has(ref, DCAT.contactPoint):
            # Nobody is named: one asks the collectivité by its site.
            contact = URIRef(f"{publisher}#contact")
            self._add(contact, RDF.type, VCARD.Organization)
            self._add(
                contact,
                VCARD.fn,
                Literal(cleaned(organization.get("title") or organization["name"])),
            )
            self._add(contact, VCARD.hasURL, website)
            self._add(ref, DCAT.contactPoint, contact)
        if known.kind and self._has(publisher, DCT.type):
            # It has been told with another of its datasets.
            return
        if known.siren:
            self._add(publisher, DCT.identifier, Literal(known.siren))
        if known.kind:
            self._add(publisher, DCT.type, URIRef(european.LOCAL_AUTHORITY))
        if website:
            self._add_typed(publisher, FOAF.homepage, website, FOAF.Document)

    def _cover(self, dataset: Mapping[str, Any], ref: Node) -> None:
        found = places.territories(places.codes(dataset))
        for territory in found:
            place, is_new = self._add_typed(
                ref, DCT.spatial, territory.uri, DCT.Location
            )
            if not is_new:
                continue
            self._add(place, DCT.identifier, Literal(territory.code))
            if territory.name:
                self._add(place, SKOS.prefLabel, Literal(cleaned(territory.name)))
            if territory.outline:
                self._draw(place, territory.outline)
        units = {european.nuts(one.departement) for one in found} - {None}
        for unit in units or ({european.FRANCE} if found else ()):
            self._add(ref, DCT.spatial, URIRef(str(unit)))

    def _draw(self, place: Node, outline: Mapping[str, Any]) -> None:
        box = box_of(outline)
        self._add(place, LOCN.geometry, Literal(json.dumps(outline), datatype=GEOJSON))
        for predicate, shape in ((DCAT.bbox, box.wkt), (DCAT.centroid, box.centre_wkt)):
            self._add(place, predicate, Literal(shape, datatype=GSP.wktLiteral))

    def _sort(self, dataset: Mapping[str, Any], ref: Node) -> str | None:
        """Add the themes of its kit; answers its high-value category, if it has one.

        The theme of a form is what ckanext-dcat has said already, under its own name.
        """
        chosen = own_fields.read(dataset, "challenge_kit")
        kit = next(
            (one for one in choices.kits() if one.key == chosen),
            None,
        )
        own = [str(theme) for theme in self.g.objects(ref, DCAT.theme)]
        own += _WEB.findall(own_fields.read(dataset, "theme"))
        for theme in {*own, *european.themes(kit.themes if kit else ())}:
            node, is_new = self._add_typed(ref, DCAT.theme, theme, SKOS.Concept)
            if is_new:
                code = theme.rpartition("/")[2]
                self._add(node, SKOS.prefLabel, Literal(code))
        if kit is None:
            return None
        category = european.HIGH_VALUE.get(kit.high_value or "")
        if category:
            node, _ = self._add_typed(ref, DCATAP.hvdCategory, category, SKOS.Concept)
            self._add(node, SKOS.prefLabel, Literal(kit.high_value))
            self._legislate(ref)
        return category

    def _legislate(self, ref: Node) -> None:
        law = european.HIGH_VALUE_LAW
        self._add_typed(ref, DCATAP.applicableLegislation, law, ELI.LegalResource)

    # What one of its files says.

    def _distribute(
        self, dataset: Mapping[str, Any], resource: Mapping[str, Any], ref: Node
    ) -> None:
        self._license(dataset, ref)
        self._conform(resource, ref)
        self._format(resource, ref)
        url = resource.get("url") or ""
        is_page = (resource.get("format") or "").lower() in ("", "html", "wms", "wfs")
        is_file = resource.get("url_type") == "upload" or not is_page
        if is_file and _WEB.fullmatch(url) and not self._has(ref, DCAT.downloadURL):
            self._add(ref, DCAT.downloadURL, URIRef(url))
        self._add(ref, DCATAP.availability, URIRef(european.AVAILABLE))
        self._sum(ref)

    def _license(self, dataset: Mapping[str, Any], ref: Node) -> None:
        own = own_fields.read(dataset, "license_id")
        licence = catalog.listed_licences().get(catalog.own_licence(own))
        if licence is None or not _WEB.fullmatch(licence.url or ""):
            return
        if self._has(ref, DCT.license) and not own:
            return
        self.g.remove((ref, DCT.license, None))
        document, is_new = self._add_typed(
            ref, DCT.license, licence.url, DCT.LicenseDocument
        )
        if not self._has(ref, DCT.rights):
            self._add_typed(ref, DCT.rights, licence.url, DCT.RightsStatement)
        if is_new:
            self._shorten("licence", licence.url)
        kind = european.licence_type(licence.id)
        if is_new and kind:
            self._add(document, DCT.title, Literal(licence.title))
            self.g.remove((document, DCT.type, None))
            self._add(document, DCT.type, URIRef(kind))

    def _conform(self, resource: Mapping[str, Any], ref: Node) -> None:
        schema = registry.get(own_fields.read(resource, "schema"))
        if schema is None or not schema.address:
            return
        # Harvesters read one.
        self.g.remove((ref, DCT.conformsTo, None))
        standard, is_new = self._add_typed(
            ref, DCT.conformsTo, schema.address, DCT.Standard
        )
        if not is_new:
            return
        self._shorten("schema", schema.address)
        self._add(standard, DCT.title, Literal(schema.title.in_("fr"), lang="fr"))
        self._add(standard, DCT.identifier, Literal(schema.id))
        if schema.version:
            self._add(standard, DCAT.version, Literal(schema.version))

    def _format(self, resource: Mapping[str, Any], ref: Node) -> None:
        found = european.file_type(resource.get("format"))
        code = f"{european.AUTHORITY}file-type/{found.code}" if found else None
        self._replace(ref, DCT["format"], code, DCT.MediaTypeOrExtent)
        media = (
            (found.media_type if found else None)
            or resource.get("mimetype")
            or mimetypes.guess_type(resource.get("url") or "")[0]
        )
        self._replace(ref, DCAT.mediaType, european.media_type(media), DCT.MediaType)

    def _sum(self, ref: Node) -> None:
        """Name the algorithms of checksums, and take out what is none."""
        for checksum in list(self.g.objects(ref, SPDX.checksum)):
            value = str(self.g.value(checksum, SPDX.checksumValue) or "")
            if self._has(checksum, SPDX.algorithm):
                continue
            name = _ALGORITHMS.get(len(value))
            if name and re.fullmatch("[0-9a-fA-F]+", value):
                algorithm = SPDX[f"checksumAlgorithm_{name}"]
                self._add(checksum, SPDX.algorithm, algorithm)
                self._add(algorithm, RDF.type, SPDX.ChecksumAlgorithm)
            else:
                self.g.remove((checksum, None, None))
                self.g.remove((ref, SPDX.checksum, checksum))

    # How it is written.

    def _speak(self, ref: Node) -> None:
        spoken = european.language(tk.config["ckan.locale_default"])
        self._replace(ref, DCT.language, spoken, DCT.LinguisticSystem)

    def _has(self, subject: Node, predicate: Node) -> bool:
        return (subject, predicate, None) in self.g

    def _add(self, subject: Node, predicate: Node, value: Node) -> None:
        self.g.add((subject, predicate, value))

    def _add_typed(
        self, subject: Node, predicate: Node, address: str, kind: Node
    ) -> tuple[URIRef, bool]:
        """Say something by its address, and what that is.

        :returns: its node, and whether it is new: many share a licence or a format
        """
        value = URIRef(address)
        self._add(subject, predicate, value)
        is_new = (value, RDF.type, kind) not in self.g
        if is_new:
            self._add(value, RDF.type, kind)
        return value, is_new

    def _shorten(self, prefix: str, address: str) -> None:
        """Have an address that stands in every dataset written with a prefix.

        :param prefix: rdflib numbers it where several addresses want the same
        """
        self.g.bind(prefix, address[: address.rindex("/") + 1])

    def _replace(
        self, subject: Node, predicate: Node, address: str | None, kind: Node
    ) -> None:
        """Put an address in the place of words; addresses of others stay."""
        for value in list(self.g.objects(subject, predicate)):
            if isinstance(value, Literal):
                self.g.remove((subject, predicate, value))
            else:
                address = None
        if address:
            self._add_typed(subject, predicate, address, kind)


def _is_day(text: str) -> bool:
    """Whether a text is a day that there is, as XML Schema writes it."""
    if not _DAY.fullmatch(text):
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True

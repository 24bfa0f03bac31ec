"""What data.gouv.fr keeps of a catalogue: the rules of udata's harvesters, retold.

``udata/core/dataset/rdf.py`` and ``udata/harvest/backends/ckan/harvesters.py`` of udata
17.6 say which properties they read, and how. These few rules are not their code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS
from rdflib.term import Node

VCARD = "http://www.w3.org/2006/vcard/ns#"
_GEOJSON = "https://www.iana.org/assignments/media-types/application/vnd.geo+json"
_WKT = "http://www.opengis.net/rdf#wktLiteral"
_FREQUENCIES = "http://publications.europa.eu/resource/authority/frequency/"
#: Some of the licences that data.gouv.fr has, by the addresses it has for them.
_LICENCES = {
    "https://www.etalab.gouv.fr/licence-ouverte-open-licence": "lov2",
    "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/"
    "ETALAB-Licence-Ouverte-v2.0.pdf": "lov2",
    "https://opendatacommons.org/licenses/odbl/1-0/": "odc-odbl",
}
_SCHEMA = re.compile(
    r"https://schema\.data\.gouv\.fr/schemas/(?P<name>[^/]+/[^/]+)/(?P<version>[^/]+)/"
)
_RESOURCE_TYPES = (None, "file", "file.upload", "api", "metadata")


def harvested(graph: Graph, dataset: Node) -> dict[str, Any]:
    """What a dataset of a DCAT catalogue becomes."""
    files = list(graph.objects(dataset, DCAT.distribution))
    return {
        "identifier": str(graph.value(dataset, DCTERMS.identifier)),
        "page": _address(graph.value(dataset, DCAT.landingPage)),
        "licence": _licence(graph, dataset, files),
        "frequency": _frequency(graph.value(dataset, DCTERMS.accrualPeriodicity)),
        "period": _period(graph, graph.value(dataset, DCTERMS.temporal)),
        "polygons": _polygons(graph, dataset),
        "contact": _contact(graph, graph.value(dataset, DCAT.contactPoint)),
        "tags": sorted(str(tag) for tag in graph.objects(dataset, DCAT.keyword)),
        "files": {str(file): _file(graph, file) for file in files},
    }


def from_api(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """What a dataset of CKAN's API becomes: of the rest it reads extras alone."""
    extras = {one["key"]: one["value"] for one in dataset["extras"] if one["value"]}
    outline = json.loads(extras.get("spatial", "null"))
    if outline and outline["type"] not in ("Polygon", "MultiPolygon"):
        raise AssertionError("such a territory ends the harvest of the dataset")
    period = (extras.get("temporal_start"), extras.get("temporal_end"))
    return {
        "licence": dataset["license_id"],
        "frequency": _frequency(URIRef(extras.get("frequency", ""))),
        "period": period if all(period) else None,
        "place": extras.get("spatial-text"),
        "polygons": outline["coordinates"] if outline else None,
        "files": [
            file["id"]
            for file in dataset["resources"]
            if file.get("resource_type") in _RESOURCE_TYPES
        ],
    }


def _address(value: Node | None) -> str | None:
    text = str(value or "")
    return text if re.fullmatch(r"https?://\S+", text) else None


def _licence(graph: Graph, dataset: Node, files: list[Node]) -> str | None:
    """That of the dataset, or the one that all its files have."""
    own = set(graph.objects(dataset, DCTERMS.license))
    each = [set(graph.objects(file, DCTERMS.license)) for file in files]
    if not own and each and set.union(*each) == set.intersection(*each):
        own = each[0]
    return _LICENCES.get(str(next(iter(own)))) if len(own) == 1 else None


def _frequency(value: Node | None) -> str | None:
    if not isinstance(value, URIRef) or not value.startswith(_FREQUENCIES):
        return None
    return value.removeprefix(_FREQUENCIES).lower()


def _period(graph: Graph, node: Node | None) -> tuple[str, str] | None:
    start, end = (
        graph.value(node, prop) if node else None
        for prop in (DCAT.startDate, DCAT.endDate)
    )
    return (str(start)[:10], str(end)[:10]) if start or end else None


def _polygons(graph: Graph, dataset: Node) -> list[Any] | None:
    """Polygons alone, of literals that say which language they are written in."""
    found: list[Any] = []
    for place in graph.objects(dataset, DCTERMS.spatial):
        for value in graph.objects(place):
            if not isinstance(value, Literal):
                continue
            assert str(value.datatype) != _WKT, "not told in this test"
            if str(value.datatype) != _GEOJSON:
                continue
            outline = json.loads(str(value))
            if outline["type"] == "Polygon":
                found.append(outline["coordinates"])
            elif outline["type"] == "MultiPolygon":
                found += outline["coordinates"]
    return found or None


def _contact(graph: Graph, node: Node | None) -> tuple[str, str] | None:
    """Nobody whom one cannot write to."""
    if node is None:
        return None
    address = graph.value(node, URIRef(f"{VCARD}hasEmail"))
    if address is None:
        return None
    name = graph.value(node, URIRef(f"{VCARD}fn"))
    return str(name), str(address).removeprefix("mailto:")


def _file(graph: Graph, node: Node) -> dict[str, Any]:
    """A file; its schema by the one address that ``conformsTo`` is read as."""
    standards = list(graph.objects(node, DCTERMS.conformsTo))
    schema = _SCHEMA.match(str(standards[0])) if len(standards) == 1 else None
    size = graph.value(node, DCAT.byteSize)
    format_ = graph.value(node, DCTERMS.format)
    return {
        "url": str(
            graph.value(node, DCAT.downloadURL) or graph.value(node, DCAT.accessURL)
        ),
        "schema": (schema["name"], schema["version"]) if schema else None,
        "format": str(format_).rpartition("/")[2].lower() if format_ else None,
        "size": int(str(size)) if size else None,
        "title": str(graph.value(node, DCTERMS.title)),
    }

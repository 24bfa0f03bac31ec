"""Datasets with all that their form holds, and their catalogue as programs read it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyshacl
from ckan.tests import factories
from factories import BAULE
from rdflib import Graph, Namespace
from rdflib.namespace import RDF

from helpers.strangers import INDEX_PLUGINS

PLUGINS = [
    "activity",
    "challenge",
    *INDEX_PLUGINS,
    "scheming_datasets",
    "scheming_organizations",
    "dcat",
]
#: The official shapes of DCAT-AP 3.0.1, which are not ours to hand on.
SHAPES = Path(
    os.environ.get("CHALLENGE_SHAPES")
    or Path(__file__).parents[3] / "shared" / "data" / "dcat-ap"
)
SQUARE = {
    "type": "Polygon",
    "coordinates": [
        [[1.60, 47.78], [1.72, 47.78], [1.72, 47.84], [1.60, 47.84], [1.60, 47.78]]
    ],
}


def make_organization(**fields: Any) -> dict[str, Any]:
    return factories.Organization(
        **{
            "title": "Commune de Baule",
            "siren": BAULE,
            "kind": "commune",
            "insee_code": "45024",
            "website": "https://www.baule.example",
            **fields,
        }
    )


def make_dataset(organization: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return factories.Dataset(
        **{
            "owner_org": organization["id"],
            "title": "Adresses – Baule",
            "notes": "Les adresses de la commune, par voie et par numéro.",
            "challenge_kit": "adresses",
            "license_id": "etalab-2.0",
            "frequency": "quarterly",
            "temporal_start": "2024-01-01",
            "temporal_end": "2024-12-31",
            "spatial_insee": "45024",
            "contact_name": "Mairie",
            "contact_email": "mairie@example.org",
            "tags": [{"name": "adresses"}],
            "resources": [
                {
                    "url": "https://example.org/deliberations.csv",
                    "name": "Délibérations",
                    "description": "Une ligne est une délibération.",
                    "format": "CSV",
                    "schema": "scdl/deliberations",
                    "size": 2048,
                }
            ],
            **fields,
        }
    )


def read(app: Any, path: str) -> Graph:
    answer = app.get(path)
    assert answer.content_type.startswith("text/turtle"), answer.body[:3000]
    return Graph().parse(data=answer.body, format="turtle")


def violations(graph: Graph, shapes: str = "shapes-3.0.1.ttl") -> list[str]:
    """What the official shapes find wrong, a line each."""
    answer = pyshacl.validate(graph, shacl_graph=str(SHAPES / shapes), advanced=True)
    report = answer[1]
    assert isinstance(report, Graph)
    sh = Namespace("http://www.w3.org/ns/shacl#")
    return sorted(
        f"{graph.value(focus, RDF.type)} {report.value(one, sh.resultPath)}:"
        f" {report.value(one, sh.value)}"
        for one in report.subjects(RDF.type, sh.ValidationResult)
        for focus in report.objects(one, sh.focusNode)
    )

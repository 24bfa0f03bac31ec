"""The demonstration as harvesters read it: what DCAT-AP asks for, and recommends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers.catalogue import PLUGINS, SHAPES, violations
from rdflib import Graph, Namespace
from rdflib.namespace import DCTERMS, RDF

from ckanext.challenge.demo import load

SH = Namespace("http://www.w3.org/ns/shacl#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
pytestmark = [
    pytest.mark.ckan_config("ckan.plugins", PLUGINS),
    pytest.mark.seconds(60),
    pytest.mark.skipif(not SHAPES.is_dir(), reason="the shapes are not here"),
    pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"),
]


@contextmanager
def _silent(part: Any) -> Iterator[Any]:
    yield lambda: None


def _catalogue(app: Any) -> Graph:
    """All pages of the catalogue."""
    graph = Graph()
    page = 1
    while True:
        answer = app.get(f"/catalog.ttl?page={page}")
        found = Graph().parse(data=answer.body, format="turtle")
        graph += found
        if not list(found.objects(None, HYDRA.next)):
            return graph
        page += 1


def _recommended(graph: Graph) -> Iterator[tuple[Any, Any, bool]]:
    """What the shapes recommend of each node: its class, the property, and whether it
    has it.

    But for the box and the middle of territories, which no portal has before it has
    loaded contours.
    """
    shapes = Graph().parse(SHAPES / "shapes-recommended-3.0.1.ttl")
    for shape, kind in shapes.subject_objects(SH.targetClass):
        if kind == DCTERMS.Location:
            continue
        paths = [
            shapes.value(one, SH.path)
            for one in shapes.objects(shape, SH.property)
            if shapes.value(one, SH.minCount) is not None
        ]
        for node in set(graph.subjects(RDF.type, kind)):
            for path in paths:
                yield kind, path, (node, path, None) in graph


def test_the_demonstration_is_described_as_europe_recommends(
    app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ckan_config: Any
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    with app.flask_app.test_request_context():
        load.load(_silent)
    graph = _catalogue(app)
    assert violations(graph) == []
    filled: Counter[Any] = Counter()
    asked: Counter[Any] = Counter()
    for kind, path, has in _recommended(graph):
        asked[kind, path] += 1
        filled[kind, path] += has
    missing = {
        f"{kind} {path}": asked[kind, path] - filled[kind, path] for kind, path in asked
    }
    share = sum(filled.values()) / sum(asked.values())
    assert share >= 0.9, missing

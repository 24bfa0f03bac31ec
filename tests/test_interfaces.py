"""Another plugin adds a measure and a programme (docs/programmes.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ckan import plugins
from ckan.tests import factories
from helpers.progress import Join, MakeCohort, do, publish, states

from ckanext.challenge import measures, programmes
from ckanext.challenge.progress import evaluate

EXAMPLE = Path(__file__).parent / "example"


@pytest.fixture
def example(with_plugins: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin, installed as any other: found by its entry point."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    plugins.load("example_challenge")
    yield
    plugins.unload("example_challenge")


@pytest.mark.usefixtures("example", "clean_db", "clean_index", "redis_is_empty")
def test_its_measure_proves_the_step_of_its_programme(
    make_cohort: MakeCohort, join: Join
) -> None:
    assert "datasets_tagged" in measures.registry.known()
    assert programmes.names()[-1] == "mots-cles"
    assert not programmes.advise(programmes.get("mots-cles"))
    organization = factories.Organization()
    participant = join(make_cohort(programme="mots-cles"), organization["id"])
    dataset = publish(organization["id"])
    evaluate.evaluate()
    assert states(participant.id) == {"mots-cles": "todo"}
    do("package_patch", id=dataset["id"], tags=[{"name": "mairie"}])
    evaluate.evaluate()
    assert states(participant.id) == {"mots-cles": "done"}


def test_without_it_neither_is_there(with_plugins: None) -> None:
    assert "datasets_tagged" not in measures.registry.known()
    assert "mots-cles" not in programmes.names()

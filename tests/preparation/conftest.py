"""What the tests of prepared files share: who publishes, and for whom."""

from __future__ import annotations

from typing import Any

import pytest
from ckan.tests import factories
from factories import BAULE, collectivites
from helpers.snapshots import MadeOnce


def _people() -> tuple[dict[str, Any], dict[str, Any]]:
    editor = factories.User(email="secretariat@example.org")
    collectivites()
    organization = factories.Organization(
        title="Baule",
        siren=BAULE,
        users=[{"name": editor["name"], "capacity": "editor"}],
    )
    return editor, organization


@pytest.fixture
def people(made_once: MadeOnce) -> tuple[dict[str, Any], dict[str, Any]]:
    """An editor, and the organization of Baule, which is in the directory."""
    return made_once("preparation", _people)


@pytest.fixture
def editor(people: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return people[0]


@pytest.fixture
def organization(people: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return people[1]

"""Keys, and awards to sign."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from helpers.progress import make_award

from ckanext.challenge.credentials import generations
from ckanext.challenge.model import Award, SigningKey

Give = Callable[..., Award]


@pytest.fixture
def folder(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """Where the private keys of this test are."""
    path = tmp_path / "keys"
    monkeypatch.setitem(ckan_config, "ckanext.challenge.keys_path", str(path))
    return path


@pytest.fixture
def key(clean_db: None, folder: Path) -> SigningKey:
    """The key that signs."""
    return generations.create()


@pytest.fixture
def give(clean_db: None) -> Give:
    """A badge for an organization, met with one of its datasets."""

    def give_(badge: str = "premiere-publication", **fields: Any) -> Award:
        group = fields.pop("organization", None) or factories.Organization(
            title="Le Poinçonnet", siren="213601594"
        )
        dataset = factories.Dataset(
            owner_org=group["id"], title="Délibérations « 2026 »"
        )
        met = {"value": 1, "target": 1, "measure": "datasets_public"}
        criteria = {"met": [{**met, "datasets": [dataset["id"]]}]}
        given = make_award(group["id"], badge, criteria=criteria, **fields)
        model.Session.commit()
        return given

    return give_

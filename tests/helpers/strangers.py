"""A portal that was there before us, with forms, fields and licences of its own.

Its files are in ``tests/strangers``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.model import license as licences

HERE = Path(__file__).parents[1] / "strangers"
BAULE = "214500241"
SIRET = "21450024100015"

#: What they call the fields that count.
RENAMED = {
    "siren": "siret_siren",
    "kind": "type_collectivite",
    "departement": "dept",
    "frequency": "periodicite",
    "temporal_start": "temporal_coverage.start",
    "temporal_end": "temporal_coverage.end",
    "spatial_insee": "territoire",
    "contact_email": "contact.email",
    "contact_name": "contact.name",
    "schema": "schema_name",
}

#: CKAN 2.11 indexes repeated fields with it only; 2.12 knows how to.
INDEX_PLUGINS = (
    [] if tk.check_ckan_version(min_version="2.12") else ["scheming_nerf_index"]
)
#: Marks of a test on such a portal.
stranger = [
    pytest.mark.ckan_config(
        "ckan.plugins",
        [
            "challenge",
            *INDEX_PLUGINS,
            "scheming_datasets",
            "scheming_organizations",
            "activity",
        ],
    ),
    pytest.mark.ckan_config("scheming.dataset_schemas", f"file://{HERE}/dataset.yaml"),
    pytest.mark.ckan_config(
        "scheming.organization_schemas", f"file://{HERE}/organization.yaml"
    ),
    pytest.mark.ckan_config("licenses_group_url", f"file://{HERE}/licenses.json"),
]
#: The same, with what the doctor tells them to write.
renamed = [
    *stranger,
    *(
        pytest.mark.ckan_config(f"ckanext.challenge.field.{ours}", theirs)
        for ours, theirs in RENAMED.items()
    ),
]


def marked(marks: list[pytest.MarkDecorator]) -> Callable[[Any], Any]:
    """All these marks on one test."""

    def apply(test: Any) -> Any:
        for mark in marks:
            test = mark(test)
        return test

    return apply


def read_own_licences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the list of licences read anew: CKAN keeps the one that it read first."""
    register = licences.LicenseRegister()
    monkeypatch.setattr(model.Package, "_license_register", register, raising=False)

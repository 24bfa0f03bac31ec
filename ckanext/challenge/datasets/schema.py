"""What the actions on datasets and kits take."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.datasets import opened
from ckanext.challenge.directory.schema import departement
from ckanext.challenge.domain import eligibility


def show() -> Schema:
    """Which dataset."""
    return {"id": fields.raw()}


def dataset_list() -> Schema:
    """Which datasets of the portal."""
    return {
        "departement": departement(),
        "epci": fields.siren(required=False),
        "collectivite": fields.siren(required=False),
        "organization": fields.raw(required=False),
        "kit": fields.raw(required=False),
        "theme": fields.raw(required=False),
        "quality": fields.choice(opened.QUALITIES),
        "facets": fields.truth(),
        "tally": fields.truth(),
        **fields.paging(100, 20),
    }


#: What the portal has a public page of.
ADDRESSES = (
    *("cohort", "participant", "badge", "kit"),
    *("collectivite", "organization", "dataset"),
)


def address_list() -> Schema:
    """Which addresses."""
    return {
        "kind": fields.choice(ADDRESSES, required=True),
        **fields.paging(10_000, 1000),
    }


def reference() -> Schema:
    """Which schema."""
    return {"id": fields.raw()}


def schema_list() -> Schema:
    """Which schemas."""
    return {"own": fields.truth(), **fields.paging()}


def schema_add() -> Schema:
    """A Table Schema; ``file``, which the action looks at itself."""
    return {
        "file": [tk.get_validator("ignore")],
        "id": fields.raw(required=False),
        "replace": fields.truth(),
    }


def kit_list() -> Schema:
    """Which kits."""
    return {
        "programme": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "kind": fields.choice(eligibility.KINDS),
        "population": fields.whole(),
        "organization": fields.raw(required=False),
        **fields.paging(),
    }


def kit_show() -> Schema:
    """Which kit."""
    return {
        "kit": fields.raw(),
        "programme": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
    }

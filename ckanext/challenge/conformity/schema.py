"""What the actions on conformity take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields


def organization() -> Schema:
    """Which organization."""
    return {"organization": fields.raw(), **fields.paging()}


def resource() -> Schema:
    """Which resource."""
    return {"resource_id": fields.raw()}

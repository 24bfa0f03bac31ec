"""What the report of a season takes."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.common import fields

from .cohort import paging

__all__ = ["cohort_report"]


def cohort_report() -> Schema:
    """Which season, and which of its participants."""
    return {"id": fields.raw(), **paging()}

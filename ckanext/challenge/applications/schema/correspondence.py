"""What the actions on messages and files take."""

from __future__ import annotations

from ckan.types import Schema

from ckanext.challenge.cohorts.schema.cohort import paging
from ckanext.challenge.common import fields

from .application import reference

__all__ = ["PURPOSES", "attachment", "message", "messages"]

#: What a file that is attached to an application is.
PURPOSES = ("deliberation", "letter", "logo", "other")


def attachment() -> Schema:
    """A file for an application; the upload itself is no field."""
    return {**reference(), "purpose": fields.choice(PURPOSES, required=True)}


def message() -> Schema:
    """A message; the upload itself is no field."""
    return {**reference(), "text": fields.paragraph(5000, required=True)}


def messages() -> Schema:
    """The conversation on an application."""
    return {**reference(), **paging()}

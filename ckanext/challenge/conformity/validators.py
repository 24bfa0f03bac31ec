"""The validators of the forms that ask for a national schema."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common.validators import text_of

from . import registry

# CKAN takes each function that is listed here for a validator.
__all__ = ["challenge_schema_name"]


def challenge_schema_name(value: Any) -> str:
    """The id of a known national schema, given by id or by national address."""
    text = text_of(value)
    if not text:
        return ""
    name = registry.normalise(text)
    if name is None:
        raise tk.Invalid(
            tk._(
                "“{value}” is not a national schema known here, such as "
                "scdl/deliberations; see https://schema.data.gouv.fr"
            ).format(value=text[:100])
        )
    return name

"""The kits for which a spreadsheet can be prepared: those with a schema at hand."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge import programmes
from ckanext.challenge.common import language
from ckanext.challenge.conformity import registry


def schema_of(kit: str) -> registry.Schema:
    """The national schema of a kit.

    :raises ObjectNotFound: there is no such kit, or it has no schema to check by
    """
    for programme in programmes.all():
        found = programme.kits_by_key.get(kit)
        schema = registry.get(found.schema) if found else None
        if schema is not None and schema.descriptor:
            return schema
    raise tk.ObjectNotFound(tk._("No spreadsheet can be prepared for this kit"))


def title_of(kit: str) -> str:
    """The title of a kit in the reader's language; its key where it has none."""
    for programme in programmes.all():
        if kit in programme.kits_by_key:
            return programme.kits_by_key[kit].title.in_(language.current())
    return kit

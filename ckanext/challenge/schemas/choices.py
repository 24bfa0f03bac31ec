"""What the lists of choices in the forms hold.

Helpers named by ``choices_helper`` in ``presets.yaml``, which
:mod:`ckanext.challenge.helpers` offers to CKAN under the same names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge import programmes
from ckanext.challenge.conformity import registry
from ckanext.challenge.domain.programme import Kit
from ckanext.challenge.model import catalog

Choice = dict[str, Any]


def kits() -> Iterator[Kit]:
    """The kits of all programmes, each once: the first programme that has it wins."""
    seen: set[str] = set()
    for programme in programmes.all():
        for kit in programme.kits:
            if kit.key not in seen:
                seen.add(kit.key)
                yield kit


def challenge_kit_choices(field: dict[str, Any]) -> list[Choice]:
    """The kits of the programmes, for a scheming field.

    :returns: ``[{"value": key, "label": {"fr": …, "en": …}}]``
    """
    return [{"value": kit.key, "label": kit.title.as_dict()} for kit in kits()]


def challenge_schema_choices(field: dict[str, Any]) -> list[Choice]:
    """The national schemas, those that the portal can check first."""
    return [
        {
            "value": schema.id,
            "label": {
                lang: f"{text} ({schema.id})"
                for lang, text in schema.title.as_dict().items()
            },
        }
        for schema in registry.known().values()
    ]


def challenge_license_choices(field: dict[str, Any]) -> list[Choice]:
    """The portal's licences in the order of its list, those first that a public body
    should choose; CKAN's own form sorts them by title.
    """
    lawful = catalog.lawful_licences()
    register = sorted(
        model.Package.get_license_register().values(),
        key=lambda licence: licence.id.lower() not in lawful,
    )
    return [
        # CKAN's catalogue has the French titles of the licences that it knows.
        {"value": licence.id, "label": tk._(licence.title)}
        for licence in register
    ]

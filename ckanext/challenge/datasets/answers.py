"""What datasets say in CKAN's API to harvesters that read it.

udata's harvester of CKAN portals reads frequency, period and territory in ``extras``
only, where the forms of ckanext-scheming do not leave them. They are added when the API
answers it, never stored, and taken out again when an answer is sent back. Others are
answered without them: a CKAN whose own form has a field of the same name refuses an
extra, so that a copy of our answers could not be sent there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context
from flask import has_request_context, request

from ckanext.challenge import config
from ckanext.challenge.badges import package_badges
from ckanext.challenge.common import own_fields
from ckanext.challenge.domain import european

from . import places

#: What udata's harvesters call themselves, in small letters.
_HARVESTER = "udata/"

#: The extras that are added, each with the field of the form that it tells.
FIELDS = {
    "frequency": "frequency",
    "temporal_start": "temporal_start",
    "temporal_end": "temporal_end",
    "spatial": "spatial_insee",
    "spatial-text": "spatial_insee",
    "spatial-uri": "spatial_insee",
}


def is_harvested() -> bool:
    """Whether this request is for ckanext-dcat's documents."""
    return has_request_context() and request.blueprint == "dcat"


def is_in_extras() -> bool:
    """Whether CKAN's API answers somebody who reads in extras: udata's harvester."""
    if not has_request_context() or request.blueprint != "api":
        return False
    return config.answers_in_full() or _HARVESTER in request.user_agent.string.lower()


def add_extras(datasets: Iterable[dict[str, Any]]) -> None:
    """Add to the ``extras`` of datasets what their forms hold.

    ``frequency`` is an address of the EU's vocabulary; ``spatial`` are polygons in
    GeoJSON, where the portal has loaded contours. An extra that a dataset has is kept.
    """
    # A search may be asked for a few fields only.
    rows = [row for row in datasets if "resources" in row]
    # In one statement, whatever their number.
    places.territories({code: None for row in rows for code in places.codes(row)})
    for row in rows:
        own = row.get("extras") or []
        taken = {extra["key"] for extra in own}
        added = [
            {"key": key, "value": value}
            for key, value in _told(row).items()
            if key not in taken
        ]
        if added:
            row["extras"] = own + added


def _told(dataset: Mapping[str, Any]) -> dict[str, str]:
    """The extras that tell what the fields of a dataset hold."""
    found: dict[str, str | None] = {
        "frequency": european.frequency(own_fields.read(dataset, "frequency")),
        "temporal_start": own_fields.read(dataset, "temporal_start"),
        "temporal_end": own_fields.read(dataset, "temporal_end"),
    }
    territories = places.territories(places.codes(dataset))
    if len(territories) == 1:
        # A harvester looks for one place by its name.
        found["spatial-text"] = territories[0].name
        found["spatial-uri"] = territories[0].uri
    outline = places.outline(territories)
    if outline:
        found["spatial"] = json.dumps(outline)
    return {key: value for key, value in found.items() if value}


def _take_out(data_dict: dict[str, Any]) -> None:
    """Take out of a dataset that is sent what an answer had added."""
    extras = data_dict.get("extras")
    if not isinstance(extras, list):
        return
    # Of a portal without our fields they are its own.
    suspects = [
        extra
        for extra in extras
        if isinstance(extra, Mapping)
        and extra.get("key") in FIELDS
        and own_fields.of_form(FIELDS[extra["key"]]) in data_dict
    ]
    if not suspects:
        return
    told = [_told(data_dict)]
    reference = data_dict.get("id") or data_dict.get("name")
    stored = model.Package.get(reference) if isinstance(reference, str) else None
    if stored is not None:
        told.append(_told(dict(stored.extras)))
    data_dict["extras"] = [
        extra
        for extra in extras
        if extra not in suspects
        or not any(extra.get("value") == one.get(extra["key"]) for one in told)
    ]


def chained() -> dict[str, Any]:
    """CKAN's actions that are gone along with, by name."""
    return {"package_create": _package_save, "package_update": _package_save}


@tk.chained_action
def _package_save(original: Any, context: Context, data_dict: dict[str, Any]) -> Any:
    """What an answer holds may be sent back."""
    package_badges.take_out(data_dict)
    _take_out(data_dict)
    return original(context, data_dict)

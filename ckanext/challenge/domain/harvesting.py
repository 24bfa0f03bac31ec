"""Which datasets a portal has from elsewhere, copied by ckanext-harvest.

They are the organization's as the others are, and count as these do; pages tell them
apart. What says so are extras, whether or not the extension is there that wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Any of these says that a dataset was copied.
MARKS = ("harvest_source_id", "harvest_object_id")
TITLE = "harvest_source_title"


def source_of(dataset: Mapping[str, Any]) -> str | None:
    """Return the title of the source that a dataset was copied from.

    :param dataset: as ``package_show`` answers it
    :returns: empty where the source has no title, none where it was not copied
    """
    extras = dataset.get("extras")
    if not isinstance(extras, list):
        return None
    said = {
        extra["key"]: extra.get("value")
        for extra in extras
        if isinstance(extra, Mapping) and extra.get("key") in {*MARKS, TITLE}
    }
    if not any(said.get(mark) for mark in MARKS):
        return None
    title = said.get(TITLE)
    return title if isinstance(title, str) else ""

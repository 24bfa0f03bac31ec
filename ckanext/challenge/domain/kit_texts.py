"""What a kit proposes to say of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def proposed(kit: Mapping[str, Any], organization: str) -> tuple[str, str]:
    """The title and the description of a dataset of a kit.

    :param kit: a row of ``challenge_kit_list``
    :param organization: the title of whose dataset it is

    >>> proposed({"title": "Budget", "dataset_title": "Budget – {name}"}, "Baule")
    ('Budget – Baule', '')
    """
    title = kit.get("dataset_title") or kit["title"]
    notes = kit.get("dataset_notes") or ""
    return title.replace("{name}", organization), notes.replace("{name}", organization)

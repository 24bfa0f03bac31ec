"""What the list of the steps of all participants takes."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.common import fields

__all__ = ["step_list"]


def step_list() -> Schema:
    """Which season, and which of its participants."""

    def are_ids(value: Any) -> list[str]:
        if not isinstance(value, list) or not all(
            isinstance(item, str) for item in value
        ):
            raise tk.Invalid(tk._("This must be a list of ids"))
        return value

    return {
        "cohort": fields.raw(),
        "participants": [tk.get_validator("ignore_missing"), are_ids],
    }

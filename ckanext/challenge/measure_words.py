"""What is said of measures, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

__all__ = ["shortfall"]


def shortfall(row: Mapping[str, Any]) -> str:
    """How far a measure is from what is asked of it, in a sentence.

    :param row: of ``why_not`` or ``missing`` in the API: ``measure``, ``value``,
        ``target``, and for a measure of another plugin ``definition`` and ``unit``
    """
    measure, value, target = row["measure"], row["value"] or 0, row["target"] or 0
    count = {
        "value": tk.h.challenge_number(value),
        "target": tk.h.challenge_number(target),
    }
    share = {
        "value": tk.h.challenge_share(value),
        "target": tk.h.challenge_share(target),
    }
    points = {
        "value": tk.h.challenge_number(value * 9),
        "target": tk.h.challenge_number(target * 9),
    }
    sentences = {
        "members": (tk._("{value} of {target} members so far."), count),
        "organization_profile": (
            tk._("{value} of the page is filled in; {target} are enough."),
            share,
        ),
        "kits_chosen": (tk._("{value} of {target} kits chosen so far."), count),
        "datasets_public": (
            tk._("{value} of {target} datasets published so far."),
            count,
        ),
        "datasets_since_launch": (
            tk._("{value} of {target} datasets published since the launch."),
            count,
        ),
        "kits_covered": (
            tk._("Datasets published for {value} of {target} kits so far."),
            count,
        ),
        "resources_public": (
            tk._("{value} of {target} files published so far."),
            count,
        ),
        "open_licence_share": (
            tk._("{value} of the datasets have an open licence; {target} are needed."),
            share,
        ),
        "open_format_share": (
            tk._("{value} of the datasets have an open format; {target} are needed."),
            share,
        ),
        "described_share": (
            tk._("{value} of the datasets are well described; {target} are needed."),
            share,
        ),
        "quality_mean": (
            tk._("Quality of the datasets: {value} out of 9; {target} are needed."),
            points,
        ),
        "conform_datasets": (
            tk._("{value} of {target} datasets conform to their national schema."),
            count,
        ),
        "fresh_share": (
            tk._("{value} of the datasets are up to date; {target} are needed."),
            share,
        ),
        "downloads": (tk._("{value} of {target} downloads so far."), count),
    }
    if measure in sentences:
        template, numbers = sentences[measure]
        return template.format(**numbers)
    # A measure of another plugin speaks for itself.
    return tk._("{measure}: {value} of {target}.").format(
        measure=str(row.get("definition") or measure).rstrip(". "),
        **(share if row.get("unit") == "share" else count),
    )

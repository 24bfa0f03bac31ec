"""Why a step is not done or a badge not earned yet, in a sentence with its way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from .. import helpers as h

__all__ = ["reasons"]

#: Measures that say how the datasets are, and nothing while there is none.
OF_DATASETS = frozenset(
    {
        "conform_datasets",
        "described_share",
        "fresh_share",
        "open_format_share",
        "open_licence_share",
        "quality_mean",
    }
)


def _sentence(measure: str, value: float, target: float) -> str:
    count = {"value": h.challenge_number(value), "target": h.challenge_number(target)}
    share = {"value": h.challenge_share(value), "target": h.challenge_share(target)}
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
            count,
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
    template, numbers = sentences.get(measure, (tk._("{value} of {target}"), count))
    return template.format(**numbers)


def _text(row: Mapping[str, Any], published: bool) -> str:
    if row.get("step"):
        return row["title"]
    if row["measure"] in OF_DATASETS and not published:
        return tk._("It begins with a first dataset.")
    return _sentence(row["measure"], row["value"] or 0, row["target"] or 0)


def _way_out(measure: str) -> str:
    return {
        "members": tk._("Invite a member"),
        "organization_profile": tk._("Complete the page"),
        "kits_chosen": tk._("Choose kits"),
    }.get(measure, tk._("Publish a dataset"))


def _dataset(row: Any) -> dict[str, str]:
    if isinstance(row, str):
        row = {"id": row}
    reference = row.get("name") or row["id"]
    missing = row.get("missing") or []
    return {
        "title": row.get("title") or reference,
        "url": row.get("fix_url") or tk.h.url_for("dataset.edit", id=reference),
        "text": ", ".join(part["title"] for part in missing),
    }


def reasons(
    rows: Sequence[Mapping[str, Any]], published: bool = True
) -> list[dict[str, Any]]:
    """``why_not`` of a step, or ``missing`` of a badge, for the component.

    :param published: whether there is a dataset at all; a share of none says little
    """
    found = []
    for row in rows:
        measure = row.get("measure") or ""
        datasets = [_dataset(dataset) for dataset in row.get("datasets") or []]
        found.append(
            {
                "text": _text(row, published),
                "datasets": datasets,
                "url": "" if datasets else row.get("fix_url") or "",
                "action": _way_out(measure),
            }
        )
    return found

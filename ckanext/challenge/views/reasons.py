"""Why a step is not done or a badge not earned yet, in a sentence with its way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from .. import helpers as h
from ..domain.progress import OF_DATASETS

__all__ = ["reasons"]

#: How many datasets one reason names; the organization's page has all.
MOST = 5


def _sentence(row: Mapping[str, Any]) -> str:
    measure, value, target = row["measure"], row["value"] or 0, row["target"] or 0
    count = {"value": h.challenge_number(value), "target": h.challenge_number(target)}
    share = {"value": h.challenge_share(value), "target": h.challenge_share(target)}
    points = {
        "value": h.challenge_number(value * 9),
        "target": h.challenge_number(target * 9),
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


def _text(row: Mapping[str, Any], published: bool) -> str:
    if row.get("step"):
        return row["title"]
    if _comes_later(row, published):
        return tk._("It begins with a first dataset.")
    return _sentence(row)


def _comes_later(row: Mapping[str, Any], published: bool) -> bool:
    """Whether it is about datasets where there is none: another step leads to one."""
    return not published and row.get("measure") in OF_DATASETS


def _way_out(measure: str) -> str:
    return {
        "members": tk._("Invite a member"),
        "organization_profile": tk._("Complete the page"),
        "kits_chosen": tk._("Choose kits"),
    }.get(measure, tk._("Publish a dataset"))


def _dataset(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": row["title"], "url": row["fix_url"], "missing": row["missing"]}


def reasons(
    rows: Sequence[Mapping[str, Any]], published: bool = True, most: int = MOST
) -> list[dict[str, Any]]:
    """``why_not`` of a step, or ``missing`` of a badge, for the component.

    :param published: whether there is a dataset at all; a share of none says little
    :param most: how many datasets to name
    :returns: ``{text, missing: [{title, fix_url}], datasets: [{title, url, missing}],
        more, url, action}`` each: ``more`` says how many datasets are not named
    """
    found = []
    for row in rows:
        datasets = row.get("datasets") or []
        missing = row.get("missing") or []
        more = len(datasets) - most
        elsewhere = datasets or missing or _comes_later(row, published)
        found.append(
            {
                "text": _text(row, published),
                "missing": missing,
                "datasets": [_dataset(dataset) for dataset in datasets[:most]],
                "more": tk.ungettext(
                    "and {number} other dataset", "and {number} other datasets", more
                ).format(number=more)
                if more > 0
                else "",
                "url": "" if elsewhere else row.get("fix_url") or "",
                "action": _way_out(row.get("measure") or ""),
            }
        )
    return found

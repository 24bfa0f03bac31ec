"""Why a step is not done or a badge not earned yet, in a sentence with its way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.measures import labels

from .doors import Doors

#: How many datasets one reason names; the organization's page has all.
MOST = 5


def _text(row: Mapping[str, Any], published: bool) -> str:
    if row.get("step"):
        return row["title"]
    if _comes_later(row, published):
        return tk._("It begins with a first dataset.")
    return labels.shortfall(row)


def _comes_later(row: Mapping[str, Any], published: bool) -> bool:
    """Whether it is about datasets where there is none: another step leads to one."""
    return (
        not published
        and "measure" in row
        and labels.says_how_datasets_are(row["measure"])
    )


def _missing(rows: Sequence[Mapping[str, Any]], doors: Doors) -> list[dict[str, Any]]:
    return [
        {"title": row["title"], "fix_url": doors.open_to(row["fix_url"])}
        for row in rows
    ]


def _dataset(row: Mapping[str, Any], doors: Doors) -> dict[str, Any]:
    return {
        "title": row["title"],
        "url": doors.open_to(row["fix_url"]),
        "missing": _missing(row["missing"], doors),
        "problems": row.get("problems") or 0,
    }


def reasons(
    rows: Sequence[Mapping[str, Any]],
    doors: Doors,
    published: bool = True,
    most: int = MOST,
) -> list[dict[str, Any]]:
    """``why_not`` of a step, or ``missing`` of a badge, for the component.

    :param doors: which forms open to the reader; there is no link to the others
    :param published: whether there is a dataset at all; a share of none says little
    :param most: how many datasets to name
    :returns: ``{text, missing: [{title, fix_url}], datasets: [{title, url, missing,
        problems}], more, url, action}`` each: ``more`` says how many datasets are not
        named
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
                "missing": _missing(missing, doors),
                "datasets": [_dataset(dataset, doors) for dataset in datasets[:most]],
                "more": tk.ungettext(
                    "and {number} other dataset", "and {number} other datasets", more
                ).format(number=more)
                if more > 0
                else "",
                "url": "" if elsewhere else doors.open_to(row.get("fix_url") or ""),
                "action": tk._("See this step")
                if row.get("step")
                else str(labels.fix(row["measure"]).action),
            }
        )
    return found

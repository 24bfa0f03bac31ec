"""The applications to a season in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.views.common import act

from .layout import frame


def _bars(
    rows: Sequence[Mapping[str, Any]], words: Mapping[Any, str], total: int
) -> list[dict[str, Any]]:
    """Numbers by what they count, with their share of all."""
    return [
        {
            "label": words.get(row["value"]) or tk._("Not known"),
            "number": h.challenge_number(row["count"]),
            "percent": 100 * row["count"] // total if total else 0,
        }
        for row in rows
    ]


def statistics_page(cohort_name: str) -> dict[str, Any]:
    """How many applied, when, from where, and what they answered.

    :raises tk.NotAuthorized: not a manager of the season
    """
    cohort = act("challenge_cohort_show", id=cohort_name, include_figures=False)
    found = act("challenge_application_statistics", cohort=cohort["id"])
    around = frame(cohort, "applications")
    total = found["count"]
    busiest = max((row["count"] for row in found["days"]), default=0)
    states = {
        row["value"]: h.challenge_state("application", row["value"])["label"]
        for row in found["states"]
    }
    departements = {
        row["value"]: h.challenge_departement(row["value"])
        for row in found["departements"]
        if row["value"]
    }
    return {
        "frame": around,
        "cohort": cohort,
        "count": total,
        "days": [
            {
                "day": h.challenge_date(row["day"]),
                "number": h.challenge_number(row["count"]),
                "total": h.challenge_number(row["total"]),
                "percent": 100 * row["count"] // busiest,
            }
            for row in found["days"]
        ],
        "groups": [
            (tk._("By kind"), _bars(found["kinds"], dict(h.challenge_kinds()), total)),
            (
                tk._("By département"),
                _bars(found["departements"], departements, total),
            ),
            (
                tk._("Duty to publish"),
                _bars(found["obligation"], application_labels.obligations(), total),
            ),
            (tk._("By state"), _bars(found["states"], states, total)),
        ],
        "questions": [
            {
                "label": row["label"],
                "words": tk.ungettext(
                    "{number} answer", "{number} answers", row["answers"]
                ).format(number=h.challenge_number(row["answers"])),
                "numbers": ""
                if row["mean"] is None
                else tk._("from {minimum} to {maximum}, {mean} on average").format(
                    **{
                        name: h.challenge_number(row[name])
                        for name in ("minimum", "maximum", "mean")
                    }
                ),
                "bars": _bars(
                    row["values"],
                    {one["value"]: one["label"] for one in row["values"]},
                    row["answers"],
                ),
            }
            for row in found["questions"]
        ],
        "urls": {
            "list": f"{around['url']}/applications",
            "self": f"{around['url']}/applications/statistics",
        },
    }

"""The report of a season, to be read, printed and cited; and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response, request

from ckanext.challenge import helpers as h
from ckanext.challenge.domain.characters import cleaned_document
from ckanext.challenge.views.common import Pager, act, blueprint, page_number
from ckanext.challenge.views.embed.response import act_as_nobody, shared
from ckanext.challenge.views.participant_rows import cohort_url, phase_numbers

from .cohort import figure_rows

report = blueprint("challenge_report", programs=True)

#: Seconds for which the figures of a season that runs may be kept.
_SOON = 60

#: All participants of a usual season stand on one page, which can be printed.
_SIZE = 500


@report.get("/<cohort>/report")
def read(cohort: str) -> str:
    """The results of a season."""
    page = page_number(request.args)
    found = act(
        "challenge_cohort_report", id=cohort, limit=_SIZE, offset=_SIZE * (page - 1)
    )
    url = cohort_url(found["cohort"])
    return tk.render(
        "challenge/report.html",
        {
            "found": found,
            "when": h.challenge_date(found["date"]),
            "figures": figure_rows(found["figures"]),
            "completed": found["figures"]["completed"],
            "phases": _phases(found),
            "badges": [row for row in found["badges"] if row["count"]],
            "rows": [_row(row, url, found) for row in found["participants"]["results"]],
            "pages": Pager(
                f"{url}/report", {}, found["participants"]["count"], page, _SIZE
            ),
            "urls": {"season": url, "self": f"{url}/report"},
        },
    )


def _phases(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The phases, each with its steps and how many are through with them."""
    numbers = phase_numbers(found["phases"])
    participants = found["figures"]["participants"]
    return [
        {
            **phase,
            "number": numbers[phase["key"]],
            "details": [
                {
                    "title": step["title"],
                    "number": h.challenge_number(step["done"]),
                    "waived": _not_asked(step["waived"]),
                    "percent": 100
                    * step["done"]
                    // ((participants - step["waived"]) or 1),
                }
                for step in found["steps"]
                if step["phase"] == phase["key"]
            ],
        }
        for phase in found["phases"]
    ]


def _row(row: Mapping[str, Any], url: str, found: Mapping[str, Any]) -> dict[str, Any]:
    staff = found.get("staff")
    more = staff["participants"].get(row["organization_id"]) if staff else None
    return {
        **row,
        "url": f"{url}/{row['organization_name']}",
        "departement": h.challenge_departement(row["departement"]),
        "datasets": h.challenge_number(row["datasets"]),
        "badges": ", ".join(badge["title"] for badge in row["badges"]),
        "waived": _waived(row["steps_waived"]),
        "more": {
            **more,
            "days": h.challenge_number(more["days"]),
            "planned": h.challenge_number(more["days_planned"])
            if more["days_planned"]
            else "",
        }
        if more
        else None,
    }


def _not_asked(number: int) -> str:
    """Of how many collectivités a step was not asked: they have not done it."""
    if not number:
        return ""
    return tk.ungettext(
        "{number} of whom it was not asked", "{number} of whom it was not asked", number
    ).format(number=h.challenge_number(number))


def _waived(number: int) -> str:
    """How many steps were not asked of a collectivité: it has not done them."""
    if not number:
        return ""
    return tk.ungettext(
        "{number} step not asked", "{number} steps not asked", number
    ).format(number=h.challenge_number(number))


@report.get("/<cohort>/report.json")
def as_json(cohort: str) -> Response:
    """The same for programs: what everybody may know."""
    found = act_as_nobody("challenge_cohort_report", id=cohort, limit=1000)
    found.pop("staff", None)
    text = json.dumps(cleaned_document(found), ensure_ascii=False, indent=1)
    return shared(text, "application/json", _SOON)

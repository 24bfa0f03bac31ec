"""Codes for those who apply late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.domain.lifecycle import COHORT_LIVE
from ckanext.challenge.views.common import act

from .layout import settings_page


def codes_page(
    name: str,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The codes of a season, and a form to make another.

    :param typed: what was typed, when it was refused
    :param errors: of that, by field
    """
    page = settings_page(name, "codes", "challenge_late_code_list")
    cohort = page["cohort"]
    found = act("challenge_late_code_list", cohort=cohort["id"], limit=1000)
    states = {
        "active": {"label": tk._("Works"), "tone": "done", "icon": "check"},
        "used": {"label": tk._("Used up"), "tone": "quiet", "icon": "circle-minus"},
        "expired": {"label": tk._("Over"), "tone": "quiet", "icon": "clock"},
    }
    return {
        **page,
        "heading": tk._("Late applications"),
        "codes": [
            {
                **row,
                "state": states[row["state"]],
                "works": row["state"] == "active",
                "until": tk._("Until {date}").format(
                    date=h.challenge_date(row["valid_until"])
                )
                if row["valid_until"]
                else tk._("Without a last day"),
                "used": tk.ungettext(
                    "{uses} of {total} application begun",
                    "{uses} of {total} applications begun",
                    row["max_uses"],
                ).format(uses=row["uses"], total=row["max_uses"]),
                "link": tk.h.url_for(
                    "challenge_applicant.apply",
                    cohort=cohort["name"],
                    code=row["code"],
                    qualified=True,
                    locale="default",
                ),
                "delete_url": f"{page['urls']['self']}/{row['id']}/delete",
            }
            for row in found["results"]
        ],
        "taken": cohort["state"] in COHORT_LIVE,
        "typed": {"max_uses": "1", **(typed or {})},
        "errors": errors or {},
        "labels": {
            "note": tk._("For whom, or why"),
            "valid_until": tk._("Last day"),
            "max_uses": tk._("Applications it lets in"),
        },
    }

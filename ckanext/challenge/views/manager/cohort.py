"""A season at the desk, and where its participants are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.domain.lifecycle import COHORT_ADMITTING
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.common import act, may

from .history import history
from .layout import frame
from .transition import transitions


def _asking(
    cohort: Mapping[str, Any],
    url: str,
    given: Mapping[str, str],
    errors: Mapping[str, list[str]],
) -> dict[str, Any]:
    """Which organizations were asked to take part, and the form that asks another."""
    found = act("challenge_claim_list", cohort=cohort["id"], limit=1000)["results"]
    return {
        "rows": [
            {
                "name": row["organization_title"],
                "url": tk.h.url_for("challenge_claims.read", id=row["id"]),
                "state": h.challenge_state("claim", row["state"]),
                "date": h.challenge_date(row["answered_at"] or row["asked_at"]),
                "reason": row["reason"] or "",
            }
            for row in found
            if not row["application_id"]
        ],
        "url": f"{url}/ask" if cohort["state"] in COHORT_ADMITTING else "",
        "given": given,
        "errors": errors,
        "labels": {"organization": tk._("Organization"), "cohort": tk._("Season")},
    }


def cohort_page(
    name: str,
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """A season at the desk: its state, who is asked to take part, what was done.

    :param given: which organization was to be asked, when that was refused
    :param errors: of that, by field
    :raises tk.NotAuthorized: not staff of it
    """
    cohort = act("challenge_cohort_show", id=name)
    act("challenge_staff_list", cohort=cohort["id"], limit=1)
    manages = may("challenge_cohort_update", id=cohort["id"])
    around = frame(cohort, "season", manages)
    url = around["url"]
    figures = cohort["figures"]
    capacity = cohort["capacity"]
    places = h.challenge_number(figures["participants"])
    if capacity:
        places = tk._("{number} of {total}").format(
            number=places, total=h.challenge_number(capacity)
        )
    return {
        "frame": around,
        "cohort": cohort,
        "manages": manages,
        "transitions": transitions(cohort["state"]) if manages else [],
        "figures": [
            (places, tk._("places taken")),
            (h.challenge_number(figures["datasets"]), tk._("datasets opened")),
            (h.challenge_percent(figures["percent"]), tk._("of the steps done")),
        ],
        "asking": _asking(cohort, url, given or {}, errors or {}) if manages else None,
        "history": history("cohort", cohort["id"]),
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": f"{url}?tab=season",
            "state": f"{url}/state",
            "public": participant_rows.cohort_url(cohort["name"]),
            "participants": f"{url}/participants",
        },
    }

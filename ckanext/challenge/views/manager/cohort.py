"""The seasons at the desk, and where the participants of one are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common import proxy_watch, set_aside
from ckanext.challenge.domain.lifecycle import COHORT_ADMITTING
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.common import Pager, act, may, options, page_number

from .history import history
from .layout import frame, manager_url
from .transition import transitions

PARTICIPANTS = 50


def index_page() -> dict[str, Any]:
    """The seasons that the user helps to run.

    :raises tk.NotAuthorized: none, and none to create
    """
    base = manager_url()
    creates = may("challenge_cohort_create")
    # What concerns the portal itself is for those who run it.
    runs_portal = may("challenge_key_list")
    seasons = [
        {**cohort, "url": f"{base}/{cohort['name']}"}
        for cohort in act("challenge_cohort_list", limit=1000)["results"]
        if may("challenge_staff_list", cohort=cohort["id"])
    ]
    if not seasons and not creates:
        raise tk.NotAuthorized(tk._("You are not on the team of any season"))
    return {
        "seasons": seasons,
        "creates": creates,
        "new_url": f"{base}/new",
        "matches_url": f"{base}/matches" if may("challenge_match_list") else "",
        "merges_url": f"{base}/merges" if may("challenge_merge_list") else "",
        "set_aside": set_aside.listed() if runs_portal else [],
        "no_addresses": runs_portal and proxy_watch.is_blind(),
        "unsigned": _unsigned() if runs_portal else None,
        # Goes through all datasets of the portal: only for who asks for it.
        "europe": act("challenge_mqa_show")
        if runs_portal and tk.request.args.get("europe")
        else None,
        "europe_url": f"{base}?europe=1#europe" if runs_portal else "",
    }


def _unsigned() -> str | None:
    """What is said of badges that await their signature, to who can mend it."""
    number = act("challenge_key_list")["waiting"]
    if not number:
        return None
    return tk.ungettext(
        "{number} badge is not signed, so nobody else can verify it. If this lasts, "
        "“ckan challenge keys list” says why on the server.",
        "{number} badges are not signed, so nobody else can verify them. If this "
        "lasts, “ckan challenge keys list” says why on the server.",
        number,
    ).format(number=h.challenge_number(number))


_MARKS = {
    "done": ("✓", "done"),
    "waived": ("–", "quiet"),
    "to_confirm": ("?", "wait"),
    "in_progress": ("◐", "wait"),
    "planned": ("○", "quiet"),
    "todo": ("○", "quiet"),
}


def _matrix(
    cohort: Mapping[str, Any], params: Mapping[str, str], url: str
) -> dict[str, Any]:
    """Participants by steps: where is each, who waits for us?"""
    page = page_number(params)
    chosen = {key: params[key] for key in ("q", "phase") if params.get(key)}
    sort = params.get("sort", "progress")
    found = act(
        "challenge_participant_list",
        cohort=cohort["id"],
        sort=sort if sort in ("name", "activity") else "progress",
        limit=PARTICIPANTS,
        offset=PARTICIPANTS * (page - 1),
        **chosen,
    )
    states = act(
        "challenge_step_list",
        cohort=cohort["id"],
        participants=[row["id"] for row in found["results"]],
    )
    numbers = participant_rows.phase_numbers(cohort["phases"])
    words = {state: h.challenge_state("step", state)["label"] for state in _MARKS}
    late_word = tk._("Late")
    base = f"{participant_rows.cohort_url(cohort['name'])}/"
    rows = []
    for row in found["results"]:
        mine = states["results"].get(row["id"], {})
        cells = []
        for step in states["steps"]:
            status = mine.get(step["step"], {"state": "todo", "late": False})
            mark, tone = _MARKS[status["state"]]
            text = words[status["state"]]
            if status["late"]:
                mark, tone, text = "!", "late", late_word
            cells.append((mark, tone, text))
        rows.append(
            {
                "url": base + quote(row["organization_name"]),
                "name": row["organization_title"],
                "done": f"{row['steps_done']}/{row['steps_total']}",
                "activity": h.challenge_date(row["last_activity_at"], "d MMM"),
                "waiting": sum(
                    status["state"] == "to_confirm" for status in mine.values()
                ),
                "cells": cells,
            }
        )
    phases = [
        {
            "title": phase["title"],
            "number": numbers[phase["key"]],
            "span": sum(step["phase"] == phase["key"] for step in states["steps"]),
        }
        for phase in cohort["phases"]
    ]
    return {
        "rows": rows,
        "count": found["count"],
        "steps": states["steps"],
        "phases": [phase for phase in phases if phase["span"]],
        "filters": _matrix_filters(cohort, params),
        "filtered": bool(chosen),
        "pages": Pager(
            url,
            {**chosen, "sort": params.get("sort", ""), "tab": "participants"},
            found["count"],
            page,
            PARTICIPANTS,
        ),
    }


def _matrix_filters(
    cohort: Mapping[str, Any], params: Mapping[str, str]
) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "name": "q",
            "label": tk._("Name of the collectivité"),
            "value": params.get("q", ""),
        },
        {
            "name": "phase",
            "label": tk._("Stage"),
            "value": params.get("phase", ""),
            "options": options(
                tk._("All stages"),
                [(phase["key"], phase["title"]) for phase in cohort["phases"]],
            ),
        },
        {
            "name": "sort",
            "label": tk._("Sort by"),
            "value": params.get("sort", "progress"),
            "options": [
                ("progress", tk._("Progress")),
                ("name", tk._("Name of the collectivité")),
                ("activity", tk._("Last activity")),
            ],
        },
    ]


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
    params: Mapping[str, str],
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """A season at the desk, with its participants.

    :param params: of the address: the filters of the participants
    :param given: which organization was to be asked, when that was refused
    :param errors: of that, by field
    :raises tk.NotAuthorized: not staff of it
    """
    cohort = act("challenge_cohort_show", id=name)
    act("challenge_staff_list", cohort=cohort["id"], limit=1)
    manages = may("challenge_cohort_update", id=cohort["id"])
    around = frame(cohort, "participants", manages)
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
        "participants": _matrix(cohort, params, url),
        "asking": _asking(cohort, url, given or {}, errors or {}) if manages else None,
        "history": history("cohort", cohort["id"]),
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": url,
            "state": f"{url}/state",
            "public": participant_rows.cohort_url(cohort["name"]),
            "applications": f"{url}/applications",
            "participants": f"{url}?tab=participants",
        },
    }

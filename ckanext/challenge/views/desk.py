"""What the desk of the managers shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from .. import helpers as h
from ..domain import lifecycle
from . import cards
from .applications import duty_text, labels
from .common import Pager, act, may, options, page_number

__all__ = ["application_page", "desk_url", "index_page", "season_page"]

APPLICATIONS = 50
PARTICIPANTS = 50
WAITING = ("submitted", "in_review")


def desk_url() -> str:
    """The address of the desk."""
    return str(tk.h.url_for("challenge_manage.index"))


def index_page() -> dict[str, Any]:
    """The seasons that the user helps to run.

    :raises tk.NotAuthorized: none, and none to create
    """
    base = desk_url()
    creates = may("challenge_cohort_create")
    seasons = [
        {**cohort, "url": f"{base}/{cohort['name']}"}
        for cohort in act("challenge_cohort_list", limit=1000)["results"]
        if may("challenge_staff_list", cohort=cohort["id"])
    ]
    if not seasons and not creates:
        raise tk.NotAuthorized(tk._("You are not on the team of any season"))
    return {"seasons": seasons, "creates": creates, "new_url": f"{base}/new"}


def _transitions(state: str) -> list[tuple[str, str, bool]]:
    """Buttons to change a season's state, the way forward first."""
    texts = {
        "open": tk._("Open the applications"),
        "running": tk._("Start the season"),
        "finished": tk._("Finish the season"),
        "archived": tk._("Archive the season"),
        "draft": tk._("Back to preparation"),
    }
    back = {
        "open": tk._("Reopen the applications"),
        "running": tk._("Resume the season"),
        "finished": tk._("Take out of the archive"),
    }
    order = lifecycle.COHORT.states
    rows = []
    for target in lifecycle.COHORT.following(state):
        forward = order.index(target) > order.index(state)
        text = texts[target] if forward else back.get(target, texts[target])
        rows.append((target, text, forward))
    return rows


def _application_states() -> list[tuple[str, str]]:
    return [
        (state, h.challenge_state("application", state)["label"])
        for state in lifecycle.APPLICATION.states
    ]


def _applications(
    cohort: Mapping[str, Any], params: Mapping[str, str], url: str
) -> dict[str, Any]:
    page = page_number(params)
    chosen = {key: params[key] for key in ("state", "q") if params.get(key)}
    found = act(
        "challenge_application_list",
        cohort=cohort["id"],
        limit=APPLICATIONS,
        offset=APPLICATIONS * (page - 1),
        **chosen,
    )
    rows = [
        {
            "url": f"{url}/application/{row['id']}",
            "reference": row["reference"],
            "name": row["organization_title"],
            "kind": h.challenge_kind(row["kind"]),
            "departement": h.challenge_departement(row["departement"]),
            "population": h.challenge_number(row["population"]),
            "state": h.challenge_state("application", row["state"]),
            "date": h.challenge_date(row["submitted_at"], "d MMM y"),
            "waits": row["state"] in WAITING,
        }
        for row in found["results"]
    ]
    fields = [
        {"name": "q", "label": tk._("Name, reference or SIREN"), "value": ""},
        {
            "name": "state",
            "label": tk._("State"),
            "value": params.get("state", ""),
            "options": options(tk._("All states"), _application_states()),
        },
    ]
    fields[0]["value"] = params.get("q", "")
    return {
        "rows": rows,
        "count": found["count"],
        "filters": fields,
        "filtered": bool(chosen),
        "pages": Pager(url, chosen, found["count"], page, APPLICATIONS),
    }


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
    numbers = cards.phase_numbers(cohort["phases"])
    words = {state: h.challenge_state("step", state)["label"] for state in _MARKS}
    late_word = tk._("Late")
    base = f"{cards.season_prefix()}/{cohort['name']}/"
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


def season_page(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    """A season at the desk.

    :param params: of the address: ``tab``, and the filters of what it shows
    :raises tk.NotAuthorized: not staff of it
    """
    cohort = act("challenge_cohort_show", id=name)
    act("challenge_staff_list", cohort=cohort["id"], limit=1)
    url = f"{desk_url()}/{cohort['name']}"
    manages = may("challenge_cohort_update", id=cohort["id"])
    tab = params.get("tab", "")
    if tab not in ("applications", "participants"):
        applies = cohort["state"] in ("draft", "open") and manages
        tab = "applications" if applies else "participants"
    if not manages:
        tab = "participants"
    figures = cohort["figures"]
    capacity = cohort["capacity"]
    places = h.challenge_number(figures["participants"])
    if capacity:
        places = tk._("{number} of {total}").format(
            number=places, total=h.challenge_number(capacity)
        )
    page: dict[str, Any] = {
        "cohort": cohort,
        "tab": tab,
        "manages": manages,
        "transitions": _transitions(cohort["state"]) if manages else [],
        "figures": [
            (places, tk._("places taken")),
            (h.challenge_number(figures["datasets"]), tk._("datasets opened")),
            (h.challenge_percent(figures["percent"]), tk._("of the steps done")),
        ],
        "csrf": tk.h.csrf_input(),
        "urls": {
            "desk": desk_url(),
            "self": url,
            "edit": f"{url}/edit",
            "state": f"{url}/state",
            "public": f"{cards.season_prefix()}/{cohort['name']}",
            "applications": f"{url}?tab=applications",
            "participants": f"{url}?tab=participants",
        },
    }
    if tab == "applications":
        page["applications"] = _applications(cohort, params, url)
    else:
        page["participants"] = _matrix(cohort, params, url)
    return page


def _decisions() -> dict[str, tuple[str, bool]]:
    """What can be decided, in words, and whether it needs a reason."""
    return {
        "accept": (tk._("Accept"), False),
        "waitlist": (tk._("Put on the waiting list"), False),
        "request_changes": (tk._("Ask for changes"), True),
        "refuse": (tk._("Refuse"), True),
        "start": (tk._("Start reading"), False),
        "reopen": (tk._("Reopen"), False),
    }


def application_page(
    cohort_name: str,
    id_: str,
    given: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """An application on one page, to decide on.

    :param given: what was typed, when it was refused
    :param errors: of that, by field
    :raises tk.NotAuthorized: not a manager of its season
    :raises tk.ObjectNotFound: no such application in this season
    """
    cohort = act("challenge_cohort_show", id=cohort_name)
    tk.check_access(
        "challenge_application_list",
        {"user": tk.current_user.name},
        {"cohort": cohort["id"]},
    )
    application = act("challenge_application_show", id=id_)
    if application["cohort_id"] != cohort["id"]:
        raise tk.ObjectNotFound()
    words = _decisions()
    base = desk_url()
    name = application.get("organization_name")
    return {
        "cohort": cohort,
        "application": application,
        "duty": duty_text(application["duty"]),
        "decisions": [
            (decision, *words[decision])
            for decision in words
            if decision in (application.get("decisions") or [])
        ],
        "facts": [
            (
                label,
                h.challenge_kind(application["kind"])
                if key == "kind"
                else h.challenge_departement(application["departement"])
                if key == "departement"
                else h.challenge_number(application[key])
                if key in ("population", "agents") and application[key] is not None
                else application[key],
            )
            for key, label in labels().items()
            if key not in ("consent", "motivation") and application.get(key)
        ],
        "given": given or {},
        "errors": errors or {},
        "labels": {"reason": tk._("Reason"), "decision": tk._("Decision")},
        "csrf": tk.h.csrf_input(),
        "urls": {
            "desk": base,
            "season": f"{base}/{cohort['name']}?tab=applications",
            "self": f"{base}/{cohort['name']}/application/{application['id']}",
            "participant": f"{cards.season_prefix()}/{cohort['name']}/{name}"
            if name and application["state"] == "accepted"
            else "",
        },
    }

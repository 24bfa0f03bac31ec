"""Noting a visit from anywhere, in three taps: whom, and that is it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import MultiDict

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.views import participant_rows, visit_words
from ckanext.challenge.views.common import act
from ckanext.challenge.views.forms import texts

from .layout import manager_url

FIELDS = (
    "date",
    "days",
    "starts_at",
    "duration",
    "place",
    "topic",
    "notes",
    "state",
    "adviser",
)

#: The lengths that stand on the page; others are typed.
_LENGTHS = ("0.5", "1")


def given(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was sent: fields that are empty are not said."""
    found: dict[str, Any] = {
        name: text for name, text in texts(form, *FIELDS).items() if text
    }
    if "other_days" in form and form["other_days"].strip():
        found["days"] = form["other_days"].strip()
    if form.get("remote"):
        found["kind"] = "remote"
    chosen = form.getlist("participants")
    if len(chosen) > 1:
        found.pop("kind", None)
        found["participants"] = chosen
    elif chosen:
        found["participant"] = chosen[0]
    return found


def form_page(
    params: Mapping[str, str],
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The page to note a visit.

    :param params: of the address: ``cohort`` and ``organization`` of the page that one
        comes from, which is then chosen, and ``date``
    :raises tk.NotAuthorized: on no team of a season that goes on
    """
    found = act("challenge_visit_form_show")
    data = {
        "date": params.get("date") or config.today().isoformat(),
        "days": _LENGTHS[0],
        **(typed or {}),
    }
    chosen = set(data.get("participants") or [data.get("participant")])
    here = (params.get("cohort"), params.get("organization"))
    seasons = {row["cohort"] for row in found["participants"]}
    rows = []
    for row in found["participants"]:
        at = (row["cohort"], row["organization_name"])
        rows.append(
            {
                "id": row["id"],
                "title": row["organization_title"],
                # Two seasons may have the same collectivité.
                "season": row["cohort_title"] if len(seasons) > 1 else "",
                "own": row["own"],
                "chosen": row["id"] in chosen or (not typed and at == here),
            }
        )
    # The one of the page that one comes from is seen at once.
    rows.sort(key=lambda row: not row["chosen"])
    first = [row for row in rows if row["own"] or row["chosen"]] or rows
    length = str(data["days"])
    url = f"{manager_url()}/visit"
    return {
        "data": data,
        "errors": errors or {},
        "labels": {
            "participants": tk._("Whom"),
            "participant": tk._("Whom"),
            "date": tk._("Day"),
            "days": tk._("How long"),
            "starts_at": tk._("Hour"),
            "duration": tk._("How long, in minutes"),
            "place": tk._("Place, or link of the call"),
            "topic": tk._("What it is about"),
            "notes": tk._("Notes"),
            "state": tk._("Was it held?"),
            "kind": tk._("How"),
            "adviser": tk._("Who came"),
        },
        "first": first,
        "others": [row for row in rows if row not in first],
        "lengths": [
            ("0.5", tk._("Half a day"), length == "0.5"),
            ("1", tk._("One day"), length in ("1", "1.0")),
        ],
        "other_days": length if length not in ("0.5", "1", "1.0") else "",
        "remote": data.get("kind") == "remote",
        "states": [("", tk._("As its day says")), *visit_words.states()],
        "planned": [_planned(row, url) for row in found["planned"]],
        "opened": bool(
            set(errors or {}) - {"participant", "participants", "date", "days"}
        ),
        "csrf": tk.h.csrf_input(),
        "urls": {"self": url, "desk": manager_url()},
    }


def _planned(row: Mapping[str, Any], url: str) -> dict[str, Any]:
    hours = visit_words.hours(row)
    title = row["organization_title"]
    if row["shared_by"] > 1:
        number = row["shared_by"] - 1
        text = tk.ungettext(
            "{name} and {number} other", "{name} and {number} others", number
        )
        title = text.format(name=title, number=number)
    return {
        "id": row["id"],
        "title": title,
        "when": ", ".join(filter(None, (h.challenge_date(row["date"]), hours))),
        "topic": row["topic"],
        "url": f"{url}/{row['id']}/state",
    }


def place_of(participant: str) -> str:
    """The address of the visits of a participant, to change what was just noted."""
    row = act("challenge_participant_show", id=participant)
    cohort = act("challenge_cohort_show", id=row["cohort_id"], include_figures=False)
    url = participant_rows.cohort_url(cohort["name"])
    return f"{url}/{row['organization_name']}#visits"

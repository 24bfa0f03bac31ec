"""The conversation and the visits, as the page of a participant shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from flask import request

from ckanext.challenge import helpers as h
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.views import visit_words
from ckanext.challenge.views.common import act
from ckanext.challenge.views.visit_words import days, like

#: The forms, as what was sent names them when they come back with errors. That of a
#: visit which is changed is ``visit-`` with its id.
MESSAGE, VISIT = "message", "visit"
VISIT_FIELDS = (
    "date",
    "starts_at",
    "days",
    "duration",
    "kind",
    "state",
    "place",
    "topic",
    "notes",
)

#: How many messages, and how many visits, the page shows at first.
_FIRST = 5
_ALL = 1000


def _done(number: Any) -> str:
    text = tk.ungettext("{number} day done", "{number} days done", like(number))
    return text.format(number=h.challenge_number(number, 2))


def flash_answered(confirmed: bool) -> None:
    """Say that the answer to a step is given, and who is told of it."""
    tk.h.flash_success(
        tk._("The step is confirmed; the members are told by mail.")
        if confirmed
        else tk._("The step is sent back; the members are told by mail.")
    )


def accompaniment(
    participant: Mapping[str, Any],
    cohort: Mapping[str, Any],
    url: str,
    sent: Mapping[str, Any],
) -> dict[str, Any]:
    """What its members and its staff read of how a participant is accompanied.

    :param url: of its page
    :param sent: the form that was just refused, its errors and what was typed
    """
    everything = request.args.get("messages") == "all"
    found = act(
        "challenge_accompaniment_show",
        participant=participant["id"],
        limit=_ALL if everything else _FIRST,
    )
    open_ = (
        cohort["state"] != "archived" and participant["state"] in PARTICIPANT_COUNTED
    )
    logs = open_ and found["accompanies"]
    messages, visits = found["messages"], found["visits"]
    form = sent.get("form", "")
    errors = sent["errors"] if form == MESSAGE else {}
    latest = messages["results"][0]["side"] if messages["results"] else None
    hidden = max(part["count"] - len(part["results"]) for part in (messages, visits))
    return {
        "who": _who(found),
        "messages": [
            {**row, "when": h.challenge_datetime(row["created_at"])}
            for row in reversed(messages["results"])
        ],
        "all_url": f"{url}?messages=all#conversation" if hidden else "",
        "message_url": f"{url}/message#conversation" if open_ else "",
        "given": sent["data"] if form == MESSAGE else {},
        "errors": errors,
        # The other side had the last word, or what was typed came back.
        "waits": bool(errors)
        or (latest is not None and (latest == "staff") != found["accompanies"]),
        "labels": {
            "text": tk._("Your message"),
            "date": tk._("Day"),
            "starts_at": tk._("Hour"),
            "days": tk._("How long, in days"),
            "duration": tk._("How long, in minutes"),
            "kind": tk._("How"),
            "state": tk._("Was it held?"),
            "place": tk._("Place, or link of the call"),
            "topic": tk._("What it is about"),
            "notes": tk._("Notes"),
        },
        "kinds": visit_words.kinds(),
        "states": visit_words.states(),
        "visits": _visits(visits["results"], url, logs, sent),
        "left": _left(found),
        "logs": found["accompanies"],
        "new": _form(VISIT, f"{url}/visit#visits", {"days": 0.5, "kind": ""}, sent)
        if logs
        else None,
    }


def _who(found: Mapping[str, Any]) -> str:
    """Who accompanies the collectivité, as its members and its staff say it."""
    if not found["adviser"]:
        return tk._("The team of the season answers.")
    text = (
        tk._("{name} accompanies this collectivité.")
        if found["accompanies"]
        else tk._("{name} accompanies you.")
    )
    return text.format(name=found["adviser"])


def _left(found: Mapping[str, Any]) -> str:
    """The days that are left, in words."""
    spent, planned, total, left = (
        found[f"days_{name}"] for name in ("spent", "planned", "total", "left")
    )
    parts = []
    if total is None and spent:
        parts = [_done(spent)]
    elif total is not None and left >= 0:
        text = tk._("{days} left of {total}")
        parts = [text.format(days=days(left), total=h.challenge_number(total))]
    elif total is not None:
        text = tk._("{days} spent or planned, more than the {total} of the season")
        used, granted = days(spent + planned), h.challenge_number(total)
        parts = [text.format(days=used, total=granted)]
    if planned:
        text = tk.ungettext(
            "{number} day planned", "{number} days planned", like(planned)
        )
        parts.append(text.format(number=h.challenge_number(planned, 2)))
    return ", ".join(parts)


def _visits(
    rows: Sequence[Mapping[str, Any]], url: str, editable: bool, sent: Mapping[str, Any]
) -> list[dict[str, Any]]:
    shown = []
    for row in rows:
        place = f"{url}/visit/{quote(row['id'])}"
        shown.append(
            {
                **row,
                "when": h.challenge_date(row["date"]),
                "hours": visit_words.hours(row),
                "long": visit_words.counted(row),
                "kind_text": visit_words.kind(row["kind"]),
                "where": visit_words.place(row),
                "planned": row["state"] == "planned",
                "cancelled": row["state"] == "cancelled",
                "passed": visit_words.has_passed(row) and editable,
                "form": _form(f"{VISIT}-{row['id']}", f"{place}#visits", row, sent)
                if editable
                else None,
                "delete_url": f"{place}/delete#visits",
            }
        )
    return shown


def _form(
    name: str, url: str, stored: Mapping[str, Any], sent: Mapping[str, Any]
) -> dict[str, Any]:
    """A form for a visit; its fields begin with its name."""
    mine = sent.get("form") == name
    # As the reader writes a number: « 0,5 ».
    shown = {
        **stored,
        "days": h.challenge_number(stored["days"]),
        "starts_at": visit_words.clock(stored.get("starts_at")),
    }
    return {
        "name": name,
        "url": url,
        "data": sent["data"] if mine else shown,
        "errors": sent["errors"] if mine else {},
    }

"""The next reminder of a participant, as its members and its team see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.views.common import act

#: The form, as what was sent names it when it comes back with errors.
PAUSE = "pause"
PAUSE_FIELDS = ("reason", "until")


def reminder(
    participant: Mapping[str, Any],
    url: str,
    confirms: bool,
    under_way: bool,
    sent: Mapping[str, Any],
) -> dict[str, Any] | None:
    """When a participant is reminded next, and whether that is paused.

    :param url: of its page
    :param confirms: whether the reader accompanies it, and may pause
    :param under_way: whether the season goes on for it
    :param sent: the form that was just refused, its errors and what was typed
    :returns: ``None`` where there is nothing to say
    """
    if not under_way:
        return None
    found = act("challenge_reminder_show", participant=participant["id"])
    paused = found["paused"]
    if not (found["next"] or paused or confirms):
        return None
    mine = sent.get("form") == PAUSE
    kept = {
        "reason": (paused or {}).get("reason"),
        "until": (paused or {}).get("until"),
    }
    return {
        "text": _text(found),
        "why": paused.get("reason") if paused else "",
        "names": [*found["late"], *found["soon"]],
        "pause_url": f"{url}/reminders#reminders" if confirms else "",
        "resume_url": f"{url}/reminders/resume" if confirms and paused else "",
        "given": sent["data"] if mine else kept,
        "errors": sent["errors"] if mine else {},
        "labels": {"reason": tk._("Why"), "until": tk._("Until")},
    }


def _text(found: Mapping[str, Any]) -> str:
    paused, coming = found["paused"], found["next"]
    if paused and not paused["until"]:
        return tk._("The reminders are paused.")
    if not coming:
        return tk._("No reminder is to come: nothing is late or due.")
    day = h.challenge_date(coming)
    if paused:
        text = tk._("The reminders are paused. The next one comes from {date} on.")
        return text.format(date=day)
    return tk._(
        "The next one comes from {date} on, if nothing else is told before, about:"
    ).format(date=day)

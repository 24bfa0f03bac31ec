"""How pages word a visit: its hour, its length, its kind, its state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from babel import dates

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels
from ckanext.challenge.domain.visits import KINDS, STATES


def kinds() -> list[tuple[str, str]]:
    """The kinds of visit, for a choice."""
    return [(name, kind(name)) for name in KINDS]


def states() -> list[tuple[str, str]]:
    """The states of a visit, for a choice."""
    return [(name, state(name)) for name in STATES]


def kind(name: str) -> str:
    """A kind of visit in words."""
    return labels.visit_kind(name)


def state(name: str) -> str:
    """The state of a visit in words."""
    return labels.state_label("visit", name)


def _local(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).astimezone(config.display_timezone())


def clock(moment: str | None) -> str:
    """The hour in the portal's time zone, as a form and as everybody reads it."""
    return f"{_local(moment):%H:%M}" if moment else ""


def _hour(moment: dt.datetime) -> str:
    # An hour is not parted from its minutes at the end of a line.
    pattern = "H\u00a0'h'\u00a0mm" if labels.locale().language == "fr" else "HH:mm"
    return dates.format_time(moment, pattern, locale=labels.locale())


def hours(visit: Mapping[str, Any]) -> str:
    """From when to when: “09:30 – 11:00”; the day of the end where it is another.

    :param visit: as the API answers it
    """
    if not visit["starts_at"]:
        return ""
    starts = _local(visit["starts_at"])
    if not visit["duration"]:
        return _hour(starts)
    # In UTC: the clock may be put forward or back meanwhile.
    ends = _local(
        (
            dt.datetime.fromisoformat(visit["starts_at"])
            + dt.timedelta(minutes=visit["duration"])
        ).isoformat()
    )
    last = _hour(ends)
    if ends.date() != starts.date():
        last = tk._("{hour} on {day}").format(
            hour=last, day=labels.as_day(ends.date(), "d MMMM")
        )
    return f"{_hour(starts)} – {last}"


def like(number: Any) -> int:
    """A whole number, which alone ungettext knows, of which words are the same."""
    return 1 if labels.locale().plural_form(number) == "one" else 2


def days(number: Any) -> str:
    """A number of days in words: « 1,5 jour », “1.5 days”."""
    # ungettext alone knows whole numbers: one of which words are the same.
    return tk.ungettext("{number} day", "{number} days", like(number)).format(
        number=h.challenge_number(number, 2)
    )


def counted(visit: Mapping[str, Any]) -> str:
    """How its days count: of a group visit, the share."""
    if visit["shared_by"] < 2:
        return days(visit["days"])
    return tk._("{days} shared by {number}, {share} here").format(
        days=days(visit["days"]),
        number=visit["shared_by"],
        share=days(visit["counted"]),
    )


def place(visit: Mapping[str, Any]) -> dict[str, str] | None:
    """Where it is: ``text``, and ``url`` of a call."""
    text = visit["place"]
    if not text:
        return None
    is_link = text.startswith(("https://", "http://")) and " " not in text
    return {"text": text, "url": text if is_link else ""}


def has_passed(visit: Mapping[str, Any]) -> bool:
    """Whether a planned visit's day has come: somebody has to say whether it was."""
    return visit["state"] == "planned" and h.challenge_days_until(visit["date"]) <= 0

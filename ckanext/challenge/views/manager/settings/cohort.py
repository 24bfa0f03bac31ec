"""The form with all that a season is made of."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import MultiDict

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels
from ckanext.challenge.domain import deadlines, schedule
from ckanext.challenge.views.common import act
from ckanext.challenge.views.forms import lines, texts, typed_number
from ckanext.challenge.views.manager.layout import manager_url

from .layout import settings_page

#: The repeated groups of a season's form, with their parts.
LISTS: dict[str, tuple[str, ...]] = {
    "funding": ("source", "amount"),
    "partners": ("name", "url", "logo_url"),
    "testimonials": ("quote", "author", "role"),
}
SPARE_ROWS = 1
PLAIN = (
    "name",
    "title",
    "season",
    "description",
    "programme",
    "application_opens",
    "application_deadline",
    "launch",
    "first_publication",
    "finalisation",
    "capacity",
    "days_per_participant",
    "currency",
    "contact_email",
    "hashtag",
    "stalled_days",
    "stalled_late_steps",
    "revision",
)


def given(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed into the form."""
    return {
        **texts(form, *PLAIN),
        "kinds": form.getlist("kinds"),
        "scheduled_transitions": form.getlist("scheduled_transitions"),
        "automatic_promotion": form.get("automatic_promotion", ""),
        **{name: lines(form, name) for name in LISTS},
    }


def _field_labels() -> dict[str, str]:
    return {
        "name": tk._("Address, after /challenge/"),
        "title": tk._("Title"),
        "season": tk._("Number of the season"),
        "description": tk._("What this season is"),
        "programme": tk._("Programme"),
        "application_opens": tk._("Applications open"),
        "application_deadline": tk._("Applications close (end of the day)"),
        "launch": tk._("Launch"),
        "first_publication": tk._("First publication"),
        "finalisation": tk._("Finalisation"),
        "capacity": tk._("Places"),
        "kinds": tk._("Who may apply"),
        "scheduled_transitions": tk._("Automatic changes"),
        "days_per_participant": tk._("Days of support for each collectivité"),
        "currency": tk._("Currency"),
        "stalled_days": tk._("Days without news before asking after them"),
        "stalled_late_steps": tk._("Late steps before asking after them"),
        "contact_email": tk._("Address for questions"),
        "hashtag": tk._("Hashtag"),
        "funding-source": tk._("Who pays"),
        "funding-amount": tk._("Amount"),
        "partners-name": tk._("Name of the partner"),
        "partners-url": tk._("Site"),
        "partners-logo_url": tk._("Address of the logo"),
        "testimonials-quote": tk._("What they say"),
        "testimonials-author": tk._("Who"),
        "testimonials-role": tk._("Role or place"),
    }


def cohort_form(
    name: str | None,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The form of a season.

    :param name: of the season, ``None`` for a new one
    :param typed: what was typed, when it was refused
    :param errors: of that, by field
    """
    page: dict[str, Any] = (
        settings_page(name, "season", "challenge_cohort_update") if name else _new()
    )
    stored = _as_typed(page["cohort"]) if page["cohort"] else {}
    data: dict[str, Any] = {
        "currency": "EUR",
        **stored,
        **(typed or {}),
    }
    if page["cohort"] and "revision" in (errors or {}):
        # Who has been told of the other change may save over it.
        data["revision"] = page["cohort"]["revision"]
    parts = _field_labels()
    named = dict(parts)
    groups = {}
    for group, names in LISTS.items():
        rows = list(data.get(group) or [])
        # An empty row to write in; another appears once it is saved.
        rows += [{} for _ in range(SPARE_ROWS)]
        groups[group] = rows
        for index in range(len(rows)):
            for part in names:
                named[f"{group}-{index}-{part}"] = parts[f"{group}-{part}"]
    return {
        **page,
        "data": data,
        # How it was when the form was opened: so what one did not touch is known.
        "base": json.dumps(stored),
        "errors": errors or {},
        "labels": named,
        "usual": {
            "stalled_days": config.stalled_days(),
            "stalled_late_steps": config.stalled_late_steps(),
        },
        "groups": groups,
        "kinds": h.challenge_kinds(),
        "programmes": h.challenge_programmes(),
        "heading": tk._("Settings of the season") if name else tk._("New season"),
        "scheduled": _scheduled(page["cohort"], data),
        "promotes": data.get("automatic_promotion") in (True, "true"),
    }


def _as_typed(cohort: Mapping[str, Any]) -> dict[str, Any]:
    """A season as :func:`given` would read it from a form that nobody touched."""

    def text(value: Any) -> str:
        # As its reader types a number: « 12,5 ».
        number = isinstance(value, int | float)
        return typed_number(value) if number else str(value or "")

    return {
        **{name: text(cohort[name]) for name in PLAIN},
        "kinds": cohort["kinds"] or [],
        "scheduled_transitions": cohort["scheduled_transitions"] or [],
        "automatic_promotion": "true" if cohort["automatic_promotion"] else "",
        **{
            group: [{part: text(row.get(part)) for part in parts} for row in rows]
            for group, parts in LISTS.items()
            for rows in (cohort[group] or [],)
        },
    }


def merged(
    name: str, typed: Mapping[str, Any], form: Mapping[str, str]
) -> dict[str, Any]:
    """What was typed, and in all fields that were not touched what stands there now.

    :param name: of the season, which somebody else has changed meanwhile
    :param form: has ``base``, how the season was when the form was opened
    """
    try:
        base = json.loads(form.get("base", ""))
    except ValueError:
        base = None
    if not isinstance(base, dict):
        return dict(typed)
    now = _as_typed(act("challenge_cohort_show", id=name, include_figures=False))
    untouched = [key for key in now if _same(typed.get(key), base.get(key))]
    return {**typed, **{key: now[key] for key in untouched}}


def _same(one: Any, other: Any) -> bool:
    """Whether a form holds the same, whatever a browser makes of ends of lines."""
    if isinstance(one, str) and isinstance(other, str):
        return one.split() == other.split()
    if isinstance(one, list) and isinstance(other, list):
        plain = all(isinstance(part, str) for part in (*one, *other))
        return sorted(one) == sorted(other) if plain else one == other
    return bool(one == other)


def _new() -> dict[str, Any]:
    base = manager_url()
    return {
        "cohort": None,
        "csrf": tk.h.csrf_input(),
        "urls": {"desk": base, "season": base, "self": f"{base}/new"},
    }


def _scheduled(
    cohort: Mapping[str, Any] | None, data: Mapping[str, Any]
) -> list[tuple[str, str, str, bool]]:
    """What the season can still do by itself, and when.

    :returns: the state, what happens, when, and whether it is ticked
    """
    deeds = {
        "open": tk._("Open the applications"),
        "running": tk._("Start the season"),
        "finished": tk._("Finish the season"),
    }
    dates = {
        name: day if isinstance(day := labels.parse(data.get(name)), dt.date) else None
        for name in deadlines.MILESTONES
    }
    zone = config.display_timezone()
    now = dt.datetime.now(dt.timezone.utc)
    rows = []
    for state in schedule.still_to_come(cohort["state"] if cohort else "draft"):
        at = schedule.instant_of(state, dates, zone)
        if at is None:
            when = tk._("Needs the date “{date}”.").format(
                date=labels.milestone(schedule.MILESTONE_OF[state])
            )
        elif at <= now:
            when = tk._("That day has come: it will happen within the hour.")
        elif state == "finished":
            when = tk._("At the end of {date}.").format(
                date=labels.as_day(dates["finalisation"])
            )
        else:
            when = tk._("On {date}, as the day begins.").format(
                date=labels.as_day(at, "full")
            )
        chosen = state in (data.get("scheduled_transitions") or [])
        rows.append((state, deeds[state], when, chosen))
    return rows

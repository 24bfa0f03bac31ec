"""The form with all that a season is made of."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
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
    "funding": ("source", "amount", "rule", "promised"),
    "partners": ("name", "url", "logo_url"),
    "testimonials": ("quote", "author", "role"),
}
#: Empty rows below those that are filled in, and how many a button adds.
SPARE_ROWS = 2
MORE_ROWS = 3
#: The parts of the settings that this form has, each on a page of its own.
PARTS: dict[str, tuple[str, ...]] = {
    "season": (
        "title",
        "name",
        "season",
        "description",
        "programme",
        "hashtag",
        "contact_email",
    ),
    "dates": (*deadlines.MILESTONES, "scheduled_transitions"),
    "places": ("capacity", "automatic_promotion", "kinds"),
    "support": (
        "days_per_participant",
        "currency",
        "stalled_days",
        "stalled_late_steps",
        "funding",
    ),
    "partners": ("partners",),
    "testimonials": ("testimonials",),
}
CHOSEN = ("kinds", "scheduled_transitions")
PLAIN = tuple(
    name
    for names in PARTS.values()
    for name in names
    if name not in (*LISTS, *CHOSEN, "automatic_promotion")
)


def part_of(name: str | None) -> str:
    """The part of the settings that an address names; the first where it names none."""
    return name if name in PARTS else next(iter(PARTS))


def given(form: MultiDict[str, str], parts: Iterable[str] = PARTS) -> dict[str, Any]:
    """What was typed into the form.

    :param parts: those that the form showed: what it did not show is left out
    """
    shown = {name for part in parts for name in PARTS[part]}
    typed = {
        **texts(form, *PLAIN),
        **{name: form.getlist(name) for name in CHOSEN},
        "automatic_promotion": form.get("automatic_promotion", ""),
        **{name: lines(form, name) for name in LISTS},
    }
    return {
        **texts(form, "revision"),
        **{name: value for name, value in typed.items() if name in shown},
    }


def with_more_rows(form: Mapping[str, str]) -> dict[str, int]:
    """How many rows of each group the form shows, once one of them has more.

    :param form: has ``more``, which group it is
    """
    wanted = form.get("more", "")
    if wanted not in LISTS:
        return {}
    start = f"{wanted}-"
    return {wanted: len({key.split("-")[1] for key in form if key.startswith(start)})}


def field_labels() -> dict[str, str]:
    """What the fields of a season are called, and the parts of its lists."""
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
        "funding": tk._("Funding"),
        "partners": tk._("The partners"),
        "testimonials": tk._("What participants say"),
        "questions": tk._("Questions to applicants"),
        "criteria": tk._("Criteria"),
        "reading_opens": tk._("First day of the reading"),
        "reading_closes": tk._("Last day of the reading"),
        "automatic_promotion": tk._("Free places go to the waiting list"),
        "funding-source": tk._("Who pays"),
        "funding-amount": tk._("Amount"),
        "funding-rule": tk._("What it pays for"),
        "funding-promised": tk._("Sum of its agreement"),
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
    *,
    part: str = "",
    rows_shown: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """A part of the form of a season, or all of it.

    :param name: of the season, ``None`` for a new one
    :param typed: what was typed, when it was refused
    :param errors: of that, by field
    :param part: one of :data:`PARTS`; without it all of them stand in one form
    :param rows_shown: groups that are to have more rows than they showed
    """
    page: dict[str, Any] = (
        settings_page(name, part or part_of(None), "challenge_cohort_update")
        if name
        else _new()
    )
    if part:
        page["urls"]["self"] = f"{page['urls']['season']}/edit?part={part}"
    parts = (part,) if part else tuple(PARTS)
    stored = _as_typed(page["cohort"]) if page["cohort"] else {}
    data: dict[str, Any] = {
        "currency": "EUR",
        **stored,
        **(typed or {}),
    }
    if page["cohort"] and "revision" in (errors or {}):
        # Who has been told of the other change may save over it.
        data["revision"] = page["cohort"]["revision"]
    words = field_labels()
    named = dict(words)
    groups = {}
    for group, names in LISTS.items():
        rows = list(data.get(group) or [])
        spare = SPARE_ROWS
        if rows_shown and group in rows_shown:
            spare = rows_shown[group] + MORE_ROWS - len(rows)
        rows += [{} for _ in range(spare)]
        groups[group] = rows
        for index in range(len(rows)):
            for one in names:
                named[f"{group}-{index}-{one}"] = words[f"{group}-{one}"]
    here = {key for shown in parts for key in PARTS[shown]}
    linked, told = {}, {}
    for key, messages in (errors or {}).items():
        if key.partition("-")[0] in here:
            linked[key] = named.get(key, key)
            told[key] = messages
        else:
            # Its field stands in another part: nothing here leads to it.
            label = named.get(key)
            told[key] = [f"{label} : {text}" if label else text for text in messages]
    return {
        **page,
        "data": data,
        # How it was when the form was opened: so what one did not touch is known.
        "base": json.dumps(stored),
        "part": part,
        "parts": parts,
        # Of a new season the parts that can wait are folded until something is in them.
        "opened": {
            one
            for one, names in PARTS.items()
            if any(data.get(name) for name in names if name in LISTS)
            or any(key.partition("-")[0] in names for key in told)
            or (rows_shown and not rows_shown.keys().isdisjoint(names))
        },
        "errors": told,
        "linked": linked,
        "labels": named,
        "usual": {
            "stalled_days": config.stalled_days(),
            "stalled_late_steps": config.stalled_late_steps(),
        },
        "groups": groups,
        "rules": [
            ("", tk._("As the season counts")),
            ("day", tk._("Each day done")),
            ("collectivite", tk._("Each collectivité that has begun")),
        ],
        "kinds": h.challenge_kinds(),
        "programmes": h.challenge_programmes(),
        "heading": page["titles"][page["section"]] if name else tk._("New season"),
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
        **{name: text(cohort[name]) for name in (*PLAIN, "revision")},
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

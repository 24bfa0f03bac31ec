"""The calendar of the team of a season: who is where, by week or by month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.views import participant_rows, visit_words
from ckanext.challenge.views.common import act, may

from .accompaniment import team_of
from .layout import frame

_WEEK, _MONTH = "week", "month"
_DAY = dt.timedelta(days=1)
_ALL = 1000


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return config.today()
    # Within these the weeks around a day are days too.
    return min(max(day, dt.date(2000, 2, 1)), dt.date(2100, 11, 30))


def _span(view: str, day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day shown: whole weeks, from Monday on."""
    first = day if view == _WEEK else day.replace(day=1)
    last = day
    if view == _MONTH:
        last = (first + 31 * _DAY).replace(day=1) - _DAY
    return first - first.weekday() * _DAY, last + (6 - last.weekday()) * _DAY


def _query(kept: Mapping[str, str], **changes: Any) -> str:
    return str(tk.h.challenge_query({**kept, **changes}))


def calendar_page(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    """The visits of some weeks, day by day.

    :param params: of the address: ``view`` (``week`` or ``month``), ``day`` (one of
        those to show), ``who`` (the id of somebody of the team)
    :raises tk.NotAuthorized: not staff of the season
    """
    cohort = act("challenge_cohort_show", id=name, include_figures=False)
    team = team_of(cohort)
    manages = may("challenge_cohort_update", id=cohort["id"])
    around = frame(cohort, "visits", manages)
    view = _MONTH if params.get("view") == _MONTH else _WEEK
    day = _day(params.get("day", ""))
    first, last = _span(view, day)
    who = params.get("who", "")
    who = who if who in dict(team) else ""
    asked = {"adviser": who} if who else {}
    found = act(
        "challenge_visit_list",
        cohort=cohort["id"],
        # What begins in the evening before may last over midnight.
        since=(first - _DAY).isoformat(),
        until=last.isoformat(),
        limit=_ALL,
        **asked,
    )
    url = f"{around['url']}/visits"
    prefix = f"{participant_rows.cohort_url(cohort['name'])}/"
    events = _events(found["results"], prefix, first)
    step = dt.timedelta(days=7)
    before, after = day - step, day + step
    if view == _MONTH:
        before = day.replace(day=1) - _DAY
        after = (day.replace(day=1) + 31 * _DAY).replace(day=1)
    kept = {"view": view, "who": who}
    return {
        "frame": around,
        "cohort": cohort,
        "title": tk._("Week of {day}").format(day=h.challenge_date(first))
        if view == _WEEK
        else h.challenge_date(day, "MMMM y"),
        "weeks": _weeks(first, last, day, view, events),
        "days": _listed(first, last, events),
        "views": [
            (text, url + _query(kept, view=key, day=day), key == view)
            for key, text in ((_WEEK, tk._("Week")), (_MONTH, tk._("Month")))
        ],
        "who": {
            "name": "who",
            "label": tk._("Who comes"),
            "value": who,
            "options": [("", tk._("The whole team")), *team],
        },
        "kept": {"view": view, "day": day.isoformat()},
        "clashes": sum(event["clashes"] for event in events),
        "more": found["count"] > len(found["results"]),
        "address": act("challenge_calendar_address_show", cohort=cohort["id"])["url"],
        "manages": manages,
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": url,
            "before": url + _query(kept, day=before),
            "today": url + _query(kept),
            "after": url + _query(kept, day=after),
            "address": f"{url}/address",
            "note": tk.h.url_for("challenge_visits.note"),
        },
    }


def _events(
    rows: Iterable[Mapping[str, Any]], prefix: str, first: dt.date
) -> list[dict[str, Any]]:
    """One entry for each visit, whomever it is for, in the order of the day."""
    found: dict[str, dict[str, Any]] = {}
    # There are few lengths, kinds and states, and a team has many visits.
    in_days, kind, state = map(
        cache, (visit_words.days, visit_words.kind, visit_words.state)
    )
    for row in reversed(list(rows)):
        key = row["group_id"] or row["id"]
        if key not in found:
            found[key] = {
                "date": dt.date.fromisoformat(row["date"]),
                "until": _until(row),
                "order": (row["starts_at"] or "", key),
                "hours": visit_words.hours(row),
                "long": in_days(row["days"]),
                "kind": kind(row["kind"]),
                "state": row["state"],
                "state_text": state(row["state"]),
                "passed": visit_words.has_passed(row),
                "place": visit_words.place(row),
                "topic": row["topic"],
                "adviser": row["adviser"] or "",
                "clashes": bool(row.get("clashes")),
                "organizations": [],
            }
        found[key]["organizations"].append(
            (
                row["organization_title"],
                f"{prefix}{quote(row['organization_name'])}#visits",
            )
        )
    shown = (event for event in found.values() if event["until"] >= first)
    return sorted(shown, key=lambda event: event["order"])


def _until(row: Mapping[str, Any]) -> dt.date:
    """The last day on which a visit is: the next one, where it lasts over midnight."""
    day = dt.date.fromisoformat(row["date"])
    if not (row["starts_at"] and row["duration"]):
        return day
    ends = dt.datetime.fromisoformat(row["starts_at"]) + dt.timedelta(
        minutes=row["duration"]
    )
    local = ends.astimezone(config.display_timezone())
    # What ends at midnight is over.
    return max(day, (local - dt.timedelta(microseconds=1)).date())


def _on(day: dt.date, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**event, "goes_on": day > event["date"]}
        for event in events
        if event["date"] <= day <= event["until"]
    ]


def _days(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    while first <= last:
        yield first
        first += _DAY


def _shown(
    day: dt.date, events: list[dict[str, Any]], month: int | None = None
) -> dict[str, Any]:
    return {
        "iso": day.isoformat(),
        "number": day.day,
        "name": h.challenge_date(day, "EEEE d MMMM"),
        "short": h.challenge_date(day, "EEE d"),
        "today": day == config.today(),
        "outside": month is not None and day.month != month,
        "events": _on(day, events),
    }


def _weeks(
    first: dt.date,
    last: dt.date,
    day: dt.date,
    view: str,
    events: list[dict[str, Any]],
) -> list[list[dict[str, Any]]]:
    month = day.month if view == _MONTH else None
    days = [_shown(one, events, month) for one in _days(first, last)]
    return [days[at : at + 7] for at in range(0, len(days), 7)]


def _listed(
    first: dt.date, last: dt.date, events: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The days that have something, for a narrow screen."""
    days = (_shown(one, events) for one in _days(first, last))
    return [day for day in days if day["events"]]

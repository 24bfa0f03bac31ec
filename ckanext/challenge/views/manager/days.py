"""The board of a season's days and money, and certificates of the time spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.views import participant_rows, visit_words
from ckanext.challenge.views.common import Pager, act, may, page_number

from .accompaniment import team_of
from .layout import frame

COLLECTIVITES = 50


def _number(value: Any) -> str:
    return "" if value is None else h.challenge_number(value, 2)


def days_page(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    """Days done, planned and left by collectivité, adviser and month; the funders.

    :param params: of the address: ``page``
    :raises tk.NotAuthorized: not staff of the season
    """
    cohort = act("challenge_cohort_show", id=name, include_figures=False)
    found = act("challenge_budget_show", cohort=cohort["id"])
    manages = may("challenge_cohort_update", id=cohort["id"])
    around = frame(cohort, "days", manages)
    url = f"{around['url']}/days"
    page = page_number(params)
    prefix = f"{participant_rows.cohort_url(cohort['name'])}/"
    certificate = f"{around['url']}/certificate"
    rows = found["collectivites"]
    shown = rows[COLLECTIVITES * (page - 1) : COLLECTIVITES * page]
    # The same few days stand in row after row.
    words = cache(_number)
    return {
        "frame": around,
        "cohort": cohort,
        "counts": found["days"]["granted"] is not None,
        "figures": _figures(found["days"]),
        "forecast": _forecast(found),
        "funders": [_funder(row) for row in found["funders"]],
        "totals": _totals(found),
        "advisers": [
            {
                **_days_of(row, words),
                "name": row["name"] or tk._("Nobody any more"),
                "certificate": f"{certificate}?adviser={quote(row['id'])}"
                if row["id"] and (manages or row["id"] == tk.current_user.id)
                else "",
            }
            for row in found["advisers"]
        ],
        "collectivites": [
            {
                **_days_of(row, words),
                "name": row["name"],
                "left_season": row["left"],
                "over": (row["days_left"] or 0) < 0,
                # Of one that has left there is no page any more.
                "url": ""
                if row["left"]
                else f"{prefix}{quote(row['organization_name'])}#visits",
                "certificate": f"{certificate}?participant={row['participant_id']}"
                if row["days_done"]
                else "",
            }
            for row in shown
        ],
        "months": _months(found["months"]),
        "pages": Pager(url, {}, len(rows), page, COLLECTIVITES),
        "manages": manages,
        "urls": {"self": url, "settings": f"{around['url']}/edit"},
    }


def _days_of(row: Mapping[str, Any], words: Callable[[Any], str]) -> dict[str, str]:
    return {name: words(row[f"days_{name}"]) for name in ("done", "planned", "left")}


def _figures(days: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = [
        (days["done"], tk._("days done")),
        (days["planned"], tk._("days planned")),
    ]
    if days["granted"] is not None:
        shown += [
            (days["left"], tk._("days left")),
            (days["granted"], tk._("days granted")),
        ]
    return [(_number(number), text) for number, text in shown]


def _forecast(found: Mapping[str, Any]) -> list[str]:
    """What is to be expected at the end of the season, in sentences."""
    forecast = found["forecast"]
    if not forecast:
        return []
    expected = visit_words.days(forecast["days_expected"])
    text = (
        tk._("On {date}, {days} are to be expected, done and planned ones included.")
        if forecast["date"]
        else tk._("{days} are to be expected, done and planned ones included.")
    )
    date = h.challenge_date(forecast["date"]) if forecast["date"] else ""
    sentences = [text.format(date=date, days=expected)]
    if forecast["days_unused"]:
        sentences.append(
            tk._("{days} would not be used.").format(
                days=visit_words.days(forecast["days_unused"])
            )
        )
    if found["funders"]:
        money = h.challenge_money(forecast["spent"], found["currency"])
        text = tk._("With what is planned, {money} will be spent.")
        sentences.append(text.format(money=money))
    return sentences


_MONEY = ("promised", "engaged", "spent", "forecast")


def _funder(row: Mapping[str, Any]) -> dict[str, Any]:
    rules = {
        "day": tk._("for each day done"),
        "collectivite": tk._("for each collectivité that has begun"),
    }
    return {
        "name": row["name"],
        "rule": " · ".join(rules[rule] for rule in row["rules"]),
        "over": row["engaged"] > row["promised"],
        **{name: h.challenge_money(row[name], row["currency"]) for name in _MONEY},
    }


def _totals(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: h.challenge_money(
            round(sum(row[name] for row in found["funders"]), 2), found["currency"]
        )
        for name in _MONEY
    }


def _months(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((row["days_done"] + row["days_planned"] for row in rows), default=0)
    return [
        {
            "name": h.challenge_date(f"{row['month']}-01", "MMMM y"),
            "done": _number(row["days_done"]),
            "planned": _number(row["days_planned"]),
            "percent": round(100 * (row["days_done"] + row["days_planned"]) / most)
            if most
            else 0,
        }
        for row in rows
    ]


def certificate_page(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    """A certificate of the time spent with a participant, or by an adviser.

    :param params: of the address: ``participant`` or ``adviser``, ``since``, ``until``
    :raises tk.NotAuthorized: not staff of the season, or not of this one
    """
    cohort = act("challenge_cohort_show", id=name, include_figures=False)
    tk.check_access(
        "challenge_visit_list",
        {"user": tk.current_user.name, "auth_user_obj": tk.current_user},
        {"cohort": cohort["id"]},
    )
    manages = may("challenge_cohort_update", id=cohort["id"])
    asked = {
        key: params[key]
        for key in ("participant", "adviser", "since", "until")
        if params.get(key)
    }
    found = act("challenge_time_certificate_show", cohort=cohort["id"], **asked)
    if found["cohort"] != cohort["name"]:
        raise tk.ObjectNotFound()
    around = frame(cohort, "days", manages)
    return {
        "frame": around,
        "cohort": cohort,
        "whose": found["organization_title"] or found["adviser"],
        "of_adviser": bool(found["adviser"]),
        "span": _span(found),
        "date": h.challenge_date(found["date"]),
        "total": visit_words.days(found["days"]),
        "rows": [
            {
                **row,
                "when": h.challenge_date(row["date"]),
                "hours": visit_words.hours(row),
                "kind": visit_words.kind(row["kind"]),
                "where": visit_words.place(row),
                "long": visit_words.counted(row),
                "number": _number(row["counted"]),
            }
            for row in found["visits"]
        ],
        "asked": asked,
        "team": team_of(cohort) if manages else [],
        "urls": {
            "self": f"{around['url']}/certificate",
            "pdf": f"{around['url']}/certificate.pdf{h.challenge_query(asked)}",
            "days": f"{around['url']}/days",
        },
    }


def _span(found: Mapping[str, Any]) -> str:
    """The days that a certificate is about, where it is not about all."""
    days = {name: h.challenge_date(found[name]) for name in ("since", "until")}
    if found["since"] and found["until"]:
        return tk._("from {since} to {until}").format(**days)
    if found["since"]:
        return tk._("since {since}").format(**days)
    return tk._("until {until}").format(**days) if found["until"] else ""

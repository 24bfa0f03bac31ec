"""The report of a season, to be read, printed and cited; as files; and for a funder."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
from flask import Response, request
from markupsafe import Markup

from ckanext.challenge import helpers as h
from ckanext.challenge.common import language, own_version, page_version, roles
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.characters import cleaned_document
from ckanext.challenge.reports import labels
from ckanext.challenge.views import everybody, own
from ckanext.challenge.views.common import (
    Pager,
    act,
    attached,
    blueprint,
    keep_private,
    page_number,
)
from ckanext.challenge.views.embed.response import act_as_nobody, shared
from ckanext.challenge.views.manager.layout import manager_url
from ckanext.challenge.views.participant_rows import cohort_url, phase_numbers

from .cohort import figure_rows

report = blueprint("challenge_report", programs=True)

#: Seconds for which the figures of a season that runs may be kept.
_SOON = 60

#: All participants of a usual season stand on one page, which can be printed; the
#: files have those of any.
_SIZE = 100

#: The formats for people.
_FILES = "any(xlsx,ods,pdf)"


@report.get("/<cohort>/report")
def read(cohort: str) -> str:
    """The results of a season: for its team with its account, else as everybody reads
    them.
    """
    page = page_number(request.args)
    return tk.render("challenge/report.html", _remembered(cohort, page))


def _remembered(cohort: str, page: int) -> dict[str, Any]:
    def make() -> dict[str, Any]:
        return _results(cohort, page)

    asked = (cohort, page)
    if roles.places().team:
        return own.remembered(
            _own, asked, lambda user: own_version.of_report(user, cohort), make
        )
    version = page_version.of_report(cohort)
    if version is None:
        return make()
    return everybody.remembered(_bodies, asked, version, make)


# Titles of badges and steps are those of the programme that the season keeps.
_bodies = PageCache(seconds=60)
# Each is one reader's alone, and has some hundred kilobytes.
_own = PageCache(seconds=600, size=20)


def _results(cohort: str, page: int) -> dict[str, Any]:
    found = act(
        "challenge_cohort_report", id=cohort, limit=_SIZE, offset=_SIZE * (page - 1)
    )
    return _page(found, f"{cohort_url(found['cohort'])}/report", page)


def _page(
    found: Mapping[str, Any], url: str, page: int, start: str = ""
) -> dict[str, Any]:
    """The page: what its head needs, and its body as it was rendered."""
    season = cohort_url(found["cohort"])
    desk = f"{manager_url()}/{found['cohort']}/report" if "staff" in found else ""
    urls = {"season": season, "self": url, "desk": desk}
    body = tk.render(
        "challenge/report_body.html",
        {
            "found": found,
            "when": h.challenge_date(found["date"]),
            "figures": figure_rows(found["figures"]),
            "completed": found["figures"]["completed"],
            "comparison": _comparison(found),
            "phases": _phases(found),
            "badges": [row for row in found["badges"] if row["count"]],
            "rows": _rows(found, season),
            "account": account_rows(found["account"]) if "account" in found else None,
            "pages": Pager(url, {}, found["participants"]["count"], page, _SIZE),
            "urls": urls,
            "files": files(start or url, printed=bool(found["printed_at"])),
        },
    )
    return {"title": found["title"], "urls": urls, "body": Markup(body)}


def files(url: str, *, printed: bool = False) -> list[tuple[str, str]]:
    """The report as files: what each is called, and its address.

    :param url: what their addresses begin with
    :param printed: whether its PDF is made
    """
    endings = ["xlsx", "ods", *(["pdf"] if printed else []), "json"]
    return [(ending.upper(), f"{url}.{ending}") for ending in endings]


#: So many of the steps that are left to do are on a page.
_REMAINING = 8

#: What is told of each funder.
_MONEY = ("promised", "engaged", "spent")


def _number(value: Any) -> str:
    return "" if value is None else h.challenge_number(value, 2)


def _signed(value: Any) -> str:
    """A gap with its sign, so that what is more and what is less are told apart."""
    if value is None:
        return ""
    return f"+{_number(value)}" if value > 0 else _number(value)


def _comparison(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The figures beside those of earlier seasons and the aims, where there are any."""
    earlier = found["earlier"]
    if not earlier and all(row["aim"] is None for row in found["comparison"]):
        return []
    return [
        {
            "label": labels.figure(row["figure"]),
            "value": _number(row["value"]),
            "earlier": [
                _number(season["figures"].get(row["figure"])) for season in earlier
            ],
            "aim": _number(row["aim"]),
            "gap": _signed(row["gap"]),
            "percent": "" if row["percent"] is None else _share(row["percent"]),
        }
        for row in found["comparison"]
    ]


def _share(percent: Any) -> str:
    return h.challenge_percent(percent)


def account_rows(account: Mapping[str, Any]) -> dict[str, Any]:
    """What the team and the funders are told besides, in words."""
    currency = account["currency"]

    def money(value: Any) -> str:
        return "" if value is None else h.challenge_money(value, currency)

    budget = account["budget"] or {"funders": []}
    return {
        "days_table": [
            (
                row["name"] or tk._("Accounts that are gone"),
                _number(row["days"]),
                _number(row["days_planned"]),
            )
            for row in account["advisers"]
        ],
        "funders": [
            (row["name"], *(money(row[name]) for name in _MONEY))
            for row in budget["funders"]
        ],
        "agreements": [_agreement(row, money) for row in account["agreements"]],
        "remaining": remaining_rows(account["remaining"]),
        "opinions": opinion_rows(account["opinions"]),
        "remarks": account["remarks"],
    }


def remaining_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps that most have not done; the rest of them are in the files."""
    return [{**row, "number": _number(row["open"])} for row in rows[:_REMAINING]]


def opinion_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The questions that somebody answered, each with its answers counted."""
    return [
        {
            "label": one["label"],
            "mean": _number(one["mean"]),
            "counts": [(row["label"], _number(row["count"])) for row in one["counts"]],
        }
        for one in rows
        if one["answers"]
    ]


def _agreement(row: Mapping[str, Any], money: Any) -> dict[str, Any]:
    """An agreement, its lines and its indicators as they are read."""

    def percent(value: Any) -> str:
        if value is None:
            return ""
        return f"+{_share(value)}" if value > 0 else _share(value)

    def gap(value: Any) -> str:
        if value is None:
            return ""
        return f"+{money(value)}" if value > 0 else money(value)

    def amounts(one: Mapping[str, Any]) -> dict[str, str]:
        return {
            "planned": money(one["planned"]),
            "realised": money(one["realised"]),
            "gap": gap(one["gap"]),
            "percent": percent(one["gap_percent"]),
        }

    period = ""
    if row["starts"] and row["ends"]:
        period = tk._("From {start} to {end}").format(
            start=h.challenge_date(row["starts"]), end=h.challenge_date(row["ends"])
        )
    return {
        "id": row["id"],
        "funder": row["funder"],
        "number": row["number"],
        "period": period,
        "granted": money(row["granted"]),
        "paid": money(row["paid"]),
        "comment": row["comment"],
        "lines": [
            {"label": one["label"], "comment": one["comment"], **amounts(one)}
            for one in row["lines"]
        ],
        "total": amounts(row),
        "indicators": [
            {
                **one,
                "value": _number(one["value"]),
                "target": _number(one["target"]),
                "percent": "" if one["percent"] is None else _share(one["percent"]),
                "when": h.challenge_date(one["measured_on"])
                if one["measured_on"]
                else "",
            }
            for one in row["indicators"]
        ],
    }


def _phases(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The phases, each with its steps and how many are through with them."""
    numbers = phase_numbers(found["phases"])
    participants = found["figures"]["participants"]
    return [
        {
            **phase,
            "number": numbers[phase["key"]],
            "details": [
                {
                    "title": step["title"],
                    "number": h.challenge_number(step["done"]),
                    "waived": _not_asked(step["waived"]),
                    "percent": 100
                    * step["done"]
                    // ((participants - step["waived"]) or 1),
                }
                for step in found["steps"]
                if step["phase"] == phase["key"]
            ],
        }
        for phase in found["phases"]
    ]


class _Row(NamedTuple):
    """A collectivité in the table, of which the team reads more than everybody.

    The template takes it apart: to look a name up in each of hundreds of rows takes
    longer than to write it.
    """

    url: str
    name: str
    completed: bool
    departement: str
    steps: str
    waived: str
    datasets: str
    badges: str
    adviser: str
    days: str
    planned: str
    opinion: bool


def _rows(found: Mapping[str, Any], season: str) -> list[_Row]:
    """The participants.

    :param season: its address
    """
    accounts = found["account"]["participants"] if "account" in found else {}
    spoken = language.current()
    rows = []
    for row in found["participants"]["results"]:
        more = accounts.get(row["organization_id"], {})
        rows.append(
            _Row(
                url=f"{season}/{row['organization_name']}",
                name=row["organization_title"],
                completed=row["completed"],
                departement=h.challenge_departement(row["departement"]),
                steps=f"{row['steps_done']}/{row['steps_total']}",
                waived=_waived(row["steps_waived"]),
                datasets=h.number_in(row["datasets"], spoken),
                badges=", ".join(badge["title"] for badge in row["badges"]),
                adviser=more.get("adviser") or "",
                days=h.number_in(more.get("days"), spoken),
                planned=h.number_in(more.get("days_planned") or None, spoken),
                opinion=bool(more.get("feedback")),
            )
        )
    return rows


def _not_asked(number: int) -> str:
    """Of how many collectivités a step was not asked: they have not done it."""
    if not number:
        return ""
    return tk.ungettext(
        "{number} of whom it was not asked", "{number} of whom it was not asked", number
    ).format(number=h.challenge_number(number))


def _waived(number: int) -> str:
    """How many steps were not asked of a collectivité: it has not done them."""
    if not number:
        return ""
    return tk.ungettext(
        "{number} step not asked", "{number} steps not asked", number
    ).format(number=h.challenge_number(number))


@report.get("/<cohort>/report.json")
def as_json(cohort: str) -> Response:
    """The same for programs: what everybody may know."""
    found = act_as_nobody("challenge_cohort_report", id=cohort, limit=1000)
    text = json.dumps(cleaned_document(found), ensure_ascii=False, indent=1)
    return shared(text, "application/json", _SOON)


@report.get(f"/<cohort>/report.<{_FILES}:format>")
def as_file(cohort: str, format: str) -> Response:
    """The same as a workbook; the team has its own sheets in it."""
    return _file(act("challenge_cohort_report", id=cohort, format=format))


def _file(answer: Mapping[str, Any]) -> Response:
    """A file that may be for its reader alone."""
    response = Response(
        base64.b64decode(answer["content"]), content_type=answer["media_type"]
    )
    return attached(keep_private(response), answer["filename"])


@report.get("/report/<key>")
def funder(key: str) -> Response:
    """The report for a funder, who has this address and no account."""
    page = page_number(request.args)
    found = _opened(key, limit=_SIZE, offset=_SIZE * (page - 1))
    here = str(tk.h.url_for("challenge_report.funder", key=key))
    shown = _page(found, here, page, f"{here}/report")
    return _secret(Response(tk.render("challenge/report.html", shown)))


@report.get(f"/report/<key>/report.<{_FILES}:format>")
def funder_file(key: str, format: str) -> Response:
    """The report for a funder, as a workbook."""
    return _secret(_file(_opened(key, format=format)))


@report.get("/report/<key>/report.json")
def funder_json(key: str) -> Response:
    """The report for a funder, for its programs."""
    found = _opened(key, limit=1000, details=True)
    text = json.dumps(cleaned_document(found), ensure_ascii=False, indent=1)
    return _secret(Response(text, content_type="application/json"))


def _opened(key: str, **asked: Any) -> dict[str, Any]:
    """The report that an address opens.

    :raises tk.ObjectNotFound: it opens none, or no longer
    """
    try:
        return act("challenge_cohort_report", key=key, **asked)
    except tk.ValidationError as error:
        raise tk.ObjectNotFound() from error


def _secret(response: Response) -> Response:
    """What is read at an address that nobody else has: it is told to nobody."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return keep_private(response)

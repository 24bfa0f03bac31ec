"""The account of a season at the desk: its files, aims, agreements, who reads it; and
what its team learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.domain.account import FIGURES, RULES
from ckanext.challenge.reports import labels
from ckanext.challenge.views.common import act, flash_refused, managers_blueprint, may
from ckanext.challenge.views.forms import flat_errors, lines, texts, typed_number
from ckanext.challenge.views.participant_rows import cohort_url
from ckanext.challenge.views.public.report import (
    account_rows,
    files,
    opinion_rows,
    remaining_rows,
)

from .layout import frame, manager_url

account = managers_blueprint("challenge_account")

_AIMS = tuple(f"aims-{name}" for name in FIGURES)
_AGREEMENT = ("funder", "number", "starts", "ends", "granted", "paid", "comment")
_LINE = ("label", "planned", "rule", "unit_cost", "realised", "comment")
_INDICATOR = (
    "label",
    "unit",
    "target",
    "figure",
    "value",
    "measured_on",
    "evidence",
    "comment",
)
#: So many rows a form offers beyond those that are there.
_EMPTY_ROWS = 3

Typed = Mapping[str, Any]
Errors = Mapping[str, list[str]]


def _around(name: str, needs: str = "challenge_season_account_show") -> dict[str, Any]:
    """What stands around each of these pages.

    :param needs: the action that the page is for
    """
    cohort = act("challenge_cohort_show", id=name)
    tk.check_access(needs, {"user": tk.current_user.name}, {"cohort": cohort["id"]})
    manages = may("challenge_season_account_update", cohort=cohort["id"])
    url = f"{manager_url()}/{cohort['name']}/report"
    return {
        "cohort": cohort,
        "manages": manages,
        "frame": frame(cohort, "report", manages),
        "csrf": tk.h.csrf_input(),
        "urls": {"self": url, "lessons": f"{url}/lessons"},
    }


def _report_page(
    name: str, typed: Typed | None = None, errors: Errors | None = None
) -> dict[str, Any]:
    """The account of a season: files, aims, agreements, addresses."""
    page = _around(name)
    cohort = page["cohort"]
    found = act("challenge_cohort_report", id=cohort["id"], limit=0)
    told = act("challenge_season_account_show", cohort=cohort["id"])
    public = f"{cohort_url(cohort['name'])}/report"
    url = page["urls"]["self"]
    values = {f"aims-{name}": typed_number(told["aims"].get(name)) for name in FIGURES}
    return {
        **page,
        "found": found,
        "when": h.challenge_date(found["date"]),
        "public": public,
        "files": files(public)[:-1],
        "agreements": [
            {**row, "url": f"{url}/agreement/{row['id']}"}
            for row in account_rows(found["account"])["agreements"]
        ],
        "addresses": _addresses(page),
        "printed": _printed(page, found, public),
        "shown_there": [
            ("", tk._("All agreements")),
            *(
                (row["id"], " · ".join(filter(None, (row["funder"], row["number"]))))
                for row in found["account"]["agreements"]
            ),
        ],
        "aims": [(f"aims-{name}", labels.figure(name)) for name in FIGURES],
        "typed": {
            **values,
            "method": told["method"],
            "remarks": told["remarks"],
            **(typed or {}),
        },
        "errors": errors or {},
        "labels": {
            **{f"aims-{name}": labels.figure(name) for name in FIGURES},
            "method": tk._("Method"),
            "remarks": tk._("What did not advance, and why"),
            "name": tk._("Who reads there"),
            "ends_on": tk._("Last day"),
            "agreement": tk._("What is shown"),
        },
    }


def _printed(
    page: Mapping[str, Any], found: Mapping[str, Any], public: str
) -> dict[str, Any]:
    """The PDF files in the language of the page, made or not."""
    listed = act("challenge_report_file_list", cohort=page["cohort"]["id"], limit=1000)
    spoken = str(tk.h.lang())
    made = {
        row["audience"]: row for row in listed["results"] if row["language"] == spoken
    }
    words = {
        "queued": tk._("It is being made: load this page again in a moment."),
        "failed": tk._("It could not be made. Try again, or tell the administrator."),
    }
    audiences = [
        ("team", tk._("For the team and the funders")),
        ("public", tk._("For everybody")),
        *(
            (row["id"], " · ".join(filter(None, (row["funder"], row["number"]))))
            for row in found["account"]["agreements"]
        ),
    ]
    rows = []
    for audience, name in audiences:
        row = made.get(audience, {})
        when = h.challenge_datetime(row["made_at"]) if row.get("made_at") else ""
        rows.append(
            {
                "audience": audience,
                "name": name,
                "made": tk._("Made on {date}").format(date=when) if when else "",
                "told": words.get(row.get("state", ""), ""),
                "url": f"{public}.pdf" if audience == "team" and when else "",
            }
        )
    return {"rows": rows, "available": listed["available"]}


def _addresses(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not page["manages"]:
        return []
    found = act("challenge_report_address_list", cohort=page["cohort"]["id"])
    words = {
        "open": {"label": tk._("Open"), "tone": "done", "icon": "check"},
        "expired": {
            "label": tk._("Its last day is over"),
            "tone": "quiet",
            "icon": "clock",
        },
        "ended": {"label": tk._("Ended"), "tone": "quiet", "icon": "circle-minus"},
    }
    return [
        {
            **row,
            "opens": row["state"] == "open",
            "state": words[row["state"]],
            "until": tk._("Until {date}").format(date=h.challenge_date(row["ends_on"])),
            "end_url": f"{page['urls']['self']}/address/{row['id']}/end",
        }
        for row in found["results"]
    ]


@account.get("/<cohort>/report")
def report(cohort: str) -> str:
    """The account of a season."""
    return tk.render("challenge/manage/report.html", _report_page(cohort))


@account.post("/<cohort>/report")
def save(cohort: str) -> Response | str:
    """Save the aims and texts of the account."""
    typed = texts(request.form, *_AIMS, "method", "remarks")
    try:
        act("challenge_season_account_update", cohort=cohort, **typed)
    except tk.ValidationError as error:
        page = _report_page(cohort, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/report.html", page)
    tk.h.flash_success(tk._("The aims and texts of the report are saved."))
    return tk.redirect_to("challenge_account.report", cohort=cohort)


@account.post("/<cohort>/report/pdf")
def print_it(cohort: str) -> Response:
    """Have the report made as a PDF."""
    try:
        act(
            "challenge_report_file_create",
            cohort=cohort,
            **texts(request.form, "audience"),
        )
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("The PDF is being made: it takes some seconds."))
    return tk.redirect_to("challenge_account.report", cohort=cohort, _anchor="pdf")


@account.post("/<cohort>/report/address")
def add_address(cohort: str) -> Response | str:
    """Make an address for a funder."""
    typed = texts(request.form, "name", "ends_on", "agreement")
    try:
        act("challenge_report_address_create", cohort=cohort, **typed)
    except tk.ValidationError as error:
        page = _report_page(cohort, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/report.html", page)
    tk.h.flash_success(tk._("The address is ready: send it to those who read there."))
    return tk.redirect_to(
        "challenge_account.report", cohort=cohort, _anchor="addresses"
    )


@account.post("/<cohort>/report/address/<id>/end")
def end_address(cohort: str, id: str) -> Response:
    """End an address."""
    act("challenge_report_address_end", id=id)
    tk.h.flash_success(tk._("This address opens nothing any more."))
    return tk.redirect_to(
        "challenge_account.report", cohort=cohort, _anchor="addresses"
    )


def _agreement_page(
    name: str,
    id_: str | None,
    typed: Typed | None = None,
    errors: Errors | None = None,
) -> dict[str, Any]:
    """The form of an agreement.

    :param id_: none for a new one
    """
    page = _around(name, "challenge_agreement_create")
    data: Mapping[str, Any] = typed or {}
    if id_ is not None:
        found = act("challenge_agreement_list", cohort=page["cohort"]["id"], limit=1000)
        row = next((one for one in found["results"] if one["id"] == id_), None)
        if row is None:
            raise tk.ObjectNotFound()
        data = typed or _as_typed(row)
    url = page["urls"]["self"]
    groups = {
        name: [*data.get(name, ()), *({} for _ in range(_EMPTY_ROWS))]
        for name in ("lines", "indicators")
    }
    named = _labels()
    return {
        **page,
        "data": data,
        "groups": groups,
        "errors": errors or {},
        "labels": {
            **named,
            **{
                f"{group}-{number}-{part}": named[f"{group}-{part}"]
                for group, parts in (("lines", _LINE), ("indicators", _INDICATOR))
                for number in range(len(groups[group]))
                for part in parts
            },
        },
        "rules": [(name, labels.rule(name)) for name in RULES],
        "figures": [
            ("", tk._("given by hand")),
            *((name, labels.figure(name)) for name in (*FIGURES, "days")),
        ],
        "is_new": id_ is None,
        "urls": {
            **page["urls"],
            "form": f"{url}/agreement/{id_ or 'new'}",
            "delete": f"{url}/agreement/{id_}/delete",
        },
    }


def _labels() -> dict[str, str]:
    return {
        "funder": tk._("Funder"),
        "number": tk._("Number of the agreement"),
        "starts": tk._("First day"),
        "ends": tk._("Last day"),
        "granted": tk._("Granted"),
        "paid": tk._("Paid so far"),
        "comment": tk._("Comment for the funder"),
        "lines": tk._("Lines"),
        "indicators": tk._("Indicators"),
        "lines-label": tk._("Line"),
        "lines-planned": tk._("Planned amount"),
        "lines-rule": tk._("What was realised is"),
        "lines-unit_cost": tk._("Cost by day or by collectivité"),
        "lines-realised": tk._("Realised, if you give it"),
        "lines-comment": tk._("Reason of a gap"),
        "indicators-label": tk._("Indicator"),
        "indicators-unit": tk._("Unit"),
        "indicators-target": tk._("Target"),
        "indicators-figure": tk._("Its value is"),
        "indicators-value": tk._("Value, if you give it"),
        "indicators-measured_on": tk._("Measured on"),
        "indicators-evidence": tk._("Address of the evidence"),
        "indicators-comment": tk._("Comment"),
    }


def _as_typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """An agreement as its form has it."""

    def typed(value: Any) -> Any:
        return typed_number(value) if isinstance(value, int | float) else value

    return {
        **{name: typed(row[name]) for name in _AGREEMENT},
        "lines": [
            {
                **{part: typed(one[part]) for part in _LINE},
                # What a rule came to is not what somebody typed.
                "realised": typed(one["realised"]) if one["rule"] == "amount" else "",
            }
            for one in row["lines"]
        ],
        "indicators": [
            {
                **{part: typed(one[part]) for part in _INDICATOR},
                **({"value": "", "measured_on": ""} if one["figure"] else {}),
            }
            for one in row["indicators"]
        ],
    }


def _given() -> dict[str, Any]:
    """An agreement as its form sends it."""
    return {
        **texts(request.form, *_AGREEMENT),
        **{group: _rows(group) for group in ("lines", "indicators")},
    }


def _rows(group: str) -> list[dict[str, str]]:
    """The rows in which somebody typed: a choice alone is an empty row."""
    return [
        row
        for row in lines(request.form, group)
        if any(value for part, value in row.items() if part not in ("rule", "figure"))
    ]


@account.get("/<cohort>/report/agreement/new")
def new_agreement(cohort: str) -> str:
    """The form of a new agreement, with the amount that the season expects."""
    return tk.render("challenge/manage/agreement.html", _agreement_page(cohort, None))


@account.post("/<cohort>/report/agreement/new")
def create_agreement(cohort: str) -> Response | str:
    """Declare an agreement."""
    return _save(cohort, None)


@account.get("/<cohort>/report/agreement/<id>")
def agreement(cohort: str, id: str) -> str:
    """The form of an agreement."""
    return tk.render("challenge/manage/agreement.html", _agreement_page(cohort, id))


@account.post("/<cohort>/report/agreement/<id>")
def update_agreement(cohort: str, id: str) -> Response | str:
    """Change an agreement."""
    return _save(cohort, id)


def _save(cohort: str, id_: str | None) -> Response | str:
    """Store what the form of an agreement sent, or show it again with what is wrong.

    :param id_: of the agreement; ``None`` for a new one
    """
    typed = _given()
    try:
        if id_ is None:
            act("challenge_agreement_create", cohort=cohort, **typed)
        else:
            act("challenge_agreement_update", id=id_, **typed)
    except tk.ValidationError as error:
        page = _agreement_page(cohort, id_, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/agreement.html", page)
    tk.h.flash_success(tk._("The agreement is saved."))
    return tk.redirect_to(
        "challenge_account.report", cohort=cohort, _anchor="agreements"
    )


@account.post("/<cohort>/report/agreement/<id>/delete")
def delete_agreement(cohort: str, id: str) -> Response | str:
    """Delete an agreement: first say what goes with it, then do it."""
    if request.form.get("do") != "confirm":
        return tk.render("challenge/manage/confirm.html", _before_deleting(cohort, id))
    act("challenge_agreement_delete", id=id)
    tk.h.flash_success(tk._("The agreement is deleted."))
    return tk.redirect_to(
        "challenge_account.report", cohort=cohort, _anchor="agreements"
    )


def _before_deleting(cohort: str, id_: str) -> dict[str, Any]:
    page = _agreement_page(cohort, id_)
    url, back = page["urls"]["self"], page["urls"]["form"]
    return {
        **page,
        "heading": tk._("Delete this agreement?"),
        "crumbs": [(tk._("Report"), url), (page["data"]["funder"], back)],
        "deeds": [
            tk._("Its lines and indicators are deleted."),
            tk._("Addresses at which it alone is read open nothing any more."),
        ],
        "hidden": [],
        "button": tk._("Delete the agreement"),
        "back": back,
    }


def _lessons_page(
    name: str, typed: Typed | None = None, errors: Errors | None = None
) -> dict[str, Any]:
    """What the team learns, beside what there is to learn from."""
    page = _around(name, "challenge_lesson_list")
    found = act("challenge_lesson_list", cohort=page["cohort"]["id"], limit=1000)
    rows = [
        {**row, "url": f"{page['urls']['lessons']}/{row['id']}"}
        for row in found["results"]
    ]
    return {
        **page,
        "kinds": [
            ("keep", tk._("To keep"), [row for row in rows if row["kind"] == "keep"]),
            (
                "change",
                tk._("To change"),
                [row for row in rows if row["kind"] == "change"],
            ),
        ],
        "account": {
            "remaining": remaining_rows(found["remaining"]),
            "opinions": opinion_rows(found["opinions"]),
        },
        "unread": _unread(found["unread"]),
        "steps": [
            ("", tk._("no step of its own")),
            *((step["step"], step["title"]) for step in found["steps"]),
        ],
        "typed": {"kind": "keep", **(typed or {})},
        "errors": errors or {},
        "labels": {
            "kind": tk._("What to do with it"),
            "text": tk._("What, and why"),
            "step": tk._("About which step"),
        },
        "choices": [("keep", tk._("To keep")), ("change", tk._("To change"))],
    }


def _unread(found: Mapping[str, Any]) -> dict[str, Any]:
    """The help that was not read, in words."""
    number = found["participants"]
    text = tk.ungettext(
        "Of {number} collectivité nobody was ever on the portal: it has read no help.",
        "Of {number} collectivités nobody was ever on the portal: they have read no "
        "help.",
        number,
    ).format(number=h.challenge_number(number))
    return {
        "text": text if number else "",
        "steps": [
            {"title": row["title"], "number": h.challenge_number(row["number"])}
            for row in found["steps"]
        ],
        "kits": [
            (row["title"], tk.h.url_for("challenge.kit", kit=row["kit"]))
            for row in found["kits"]
        ],
    }


@account.get("/<cohort>/report/lessons")
def lessons(cohort: str) -> str:
    """What to keep and to change in the next season."""
    return tk.render("challenge/manage/lessons.html", _lessons_page(cohort))


@account.post("/<cohort>/report/lessons")
def add_lesson(cohort: str) -> Response | str:
    """Write down a lesson."""
    typed = texts(request.form, "kind", "text", "step")
    try:
        act("challenge_lesson_create", cohort=cohort, **typed)
    except tk.ValidationError as error:
        page = _lessons_page(cohort, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/lessons.html", page)
    tk.h.flash_success(tk._("It is noted."))
    return tk.redirect_to("challenge_account.lessons", cohort=cohort)


@account.post("/<cohort>/report/lessons/<id>")
def change_lesson(cohort: str, id: str) -> Response:
    """Say that a lesson is dealt with, or not yet; or take it away."""
    if request.form.get("do") == "delete":
        act("challenge_lesson_delete", id=id)
        tk.h.flash_success(tk._("It is taken away."))
        return tk.redirect_to("challenge_account.lessons", cohort=cohort)
    found = act("challenge_lesson_list", cohort=cohort, limit=1000)["results"]
    row = next((one for one in found if one["id"] == id), None)
    if row is None:
        raise tk.ObjectNotFound()
    kept = {name: row[name] for name in ("kind", "text", "step")}
    act("challenge_lesson_update", id=id, **kept, done=not row["done"])
    return tk.redirect_to("challenge_account.lessons", cohort=cohort)

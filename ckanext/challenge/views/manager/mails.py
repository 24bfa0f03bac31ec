"""The mails of a season, for those who manage it: which fail, and again."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.views.common import (
    Pager,
    act,
    managers_blueprint,
    options,
    page_number,
)
from ckanext.challenge.views.forms import flat_errors

from .layout import frame

mails = managers_blueprint("challenge_mails")

_SIZE = 50
_TONES = {
    "waiting": ("wait", "clock"),
    "sent": ("done", "check"),
    "failed": ("late", "triangle-exclamation"),
    "cancelled": ("quiet", "ban"),
}


def _row(mail: dict[str, Any], base: str) -> dict[str, Any]:
    tone, icon = _TONES["failed" if mail["failing"] else mail["state"]]
    application = mail["application_id"]
    return {
        **mail,
        "state": {"label": mail["state_label"], "tone": tone, "icon": icon},
        "date": h.challenge_datetime(mail["sent_at"] or mail["created_at"]),
        "next": h.challenge_datetime(mail["next_attempt_at"])
        if mail["state"] == "waiting"
        else "",
        "url": f"{base}/application/{application}" if application else "",
        "read_url": f"{base}/mails/{mail['id']}",
        "retry": f"{base}/mails/{mail['id']}" if mail["state"] != "sent" else "",
    }


def _page(cohort_name: str) -> dict[str, Any]:
    cohort = act("challenge_cohort_show", id=cohort_name)
    page = page_number(request.args)
    asked = request.args.get("state", "")
    words = {
        "failing": tk._("Those that fail"),
        "waiting": tk._("Those that wait"),
        "sent": tk._("Those that were sent"),
    }
    chosen = {"state": asked} if asked in words else {}
    if request.args.get("campaign"):
        chosen["campaign"] = request.args["campaign"]
    found = act(
        "challenge_mail_list",
        cohort=cohort["id"],
        limit=_SIZE,
        offset=_SIZE * (page - 1),
        **chosen,
    )
    around = frame(cohort, "mails")
    url = f"{around['url']}/mails"
    return {
        "cohort": cohort,
        "frame": around,
        "rows": [_row(mail, around["url"]) for mail in found["results"]],
        "count": found["count"],
        "failing": found["failing"],
        "filters": [
            {
                "name": "state",
                "label": tk._("Which mails"),
                "value": chosen.get("state", ""),
                "options": options(tk._("All mails"), list(words.items())),
            }
        ],
        "kept": {"campaign": chosen.get("campaign", "")},
        "filtered": bool(chosen),
        "pages": Pager(url, chosen, found["count"], page, _SIZE),
        "csrf": tk.h.csrf_input(),
        "url": url,
    }


@mails.get("/<cohort>/mails")
def index(cohort: str) -> str:
    """The mails of a season, those that fail first."""
    return tk.render("challenge/manage/mails.html", _page(cohort))


@mails.get("/<cohort>/mails/<id>")
def read(cohort: str, id: str) -> str:
    """What one of the mails says."""
    shown = act("challenge_cohort_show", id=cohort, include_figures=False)
    mail = act("challenge_mail_show", id=id)
    if mail["cohort_id"] != shown["id"]:
        raise tk.ObjectNotFound()
    around = frame(shown, "mails")
    return tk.render(
        "challenge/manage/mail.html",
        {
            "cohort": shown,
            "frame": around,
            "mail": mail,
            "row": _row(mail, around["url"]),
            "url": f"{around['url']}/mails",
        },
    )


@mails.post("/<cohort>/mails")
def retry_all(cohort: str) -> Response:
    """Send all that fail again."""
    done = act("challenge_mail_retry", cohort=cohort)
    tk.h.flash_success(
        tk.ungettext(
            "{number} mail is being sent again.",
            "{number} mails are being sent again.",
            done["count"],
        ).format(number=h.challenge_number(done["count"]))
    )
    return tk.redirect_to("challenge_mails.index", cohort=cohort)


@mails.post("/<cohort>/mails/<id>")
def retry(cohort: str, id: str) -> Response:
    """Send one mail again."""
    try:
        act("challenge_mail_retry", id=id)
    except tk.ValidationError as error:
        for texts in flat_errors(error.error_dict).values():
            tk.h.flash_error(" ".join(texts))
    else:
        tk.h.flash_success(tk._("The mail is being sent again."))
    return tk.redirect_to("challenge_mails.index", cohort=cohort)

"""Erasing the personal data of an application: what goes, what stays, and yes."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ckanext.challenge import helpers as h
from ckanext.challenge.applications.labels import role_changes
from ckanext.challenge.views.common import act, blueprint, keep_private
from ckanext.challenge.views.forms import flat_errors

erasure = blueprint("challenge_erasure")
erasure.after_request(keep_private)


@erasure.after_request
def no_referrer(response: Response) -> Response:
    """The follow-up key stands in the address."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _with_key() -> dict[str, str]:
    key = request.values.get("key", "")
    return {"key": key} if key else {}


def _page(id_: str, errors: dict[str, list[str]]) -> dict[str, Any]:
    key = _with_key()
    application = act("challenge_application_show", id=id_, **key)
    url = str(tk.h.url_for("challenge_applicant.read", id=application["id"]))
    return {
        "application": application,
        "ending": role_changes(
            act("challenge_role_changes", application=application["id"], **key)
        ),
        "errors": [text for texts in errors.values() for text in texts],
        "csrf": tk.h.csrf_input(),
        "key": key.get("key", ""),
        "back": url + h.challenge_query(key),
        "action": tk.h.url_for("challenge_erasure.erase", id=application["id"]),
    }


@erasure.get("/application/<id>/erase")
def read(id: str) -> str:
    """What would be erased; nothing is by reading."""
    return tk.render("challenge/erase.html", _page(id, {}))


@erasure.post("/application/<id>/erase")
def erase(id: str) -> AnyResponse | str:
    """Erase it."""
    shown = act("challenge_application_show", id=id, **_with_key())
    try:
        act("challenge_application_erase", id=id, **_with_key())
    except tk.ValidationError as error:
        return tk.render(
            "challenge/erase.html", _page(id, flat_errors(error.error_dict))
        )
    tk.h.flash_success(
        tk._("The personal data of {reference} are erased.").format(
            reference=shown["reference"]
        )
    )
    return tk.redirect_to("challenge.read", cohort=shown["cohort"])

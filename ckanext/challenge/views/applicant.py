"""The way in: the form of an application, and its page for the applicant."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from . import applications
from .common import act, blueprint
from .forms import flat_errors, texts

__all__ = ["applicant"]

applicant = blueprint("challenge_applicant")


@applicant.after_request
def keep_private(response: Response) -> Response:
    """Nobody but the applicant: no shared cache, no search engine, no referrer.

    The follow-up key stands in the address.
    """
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    # CKAN's own mark for "private"; it writes the header after this.
    request.environ["__no_cache__"] = True
    return response


def _given() -> dict[str, Any]:
    form = request.form
    return {
        **texts(form, "siren", *applications.FIELDS),
        "consent": form.get("consent") == "true",
    }


@applicant.get("/<cohort>/apply")
def apply(cohort: str) -> str:
    """The form; first the collectivité, then the rest."""
    return tk.render(
        "challenge/apply.html", applications.apply_page(cohort, request.args)
    )


@applicant.post("/<cohort>/apply")
def create(cohort: str) -> AnyResponse | str:
    """Keep the application, and hand it in."""
    given = _given()
    draft = request.form.get("save") == "draft"
    try:
        made = act("challenge_application_create", cohort=cohort, draft=draft, **given)
    except tk.ValidationError as error:
        page = applications.apply_page(
            cohort, request.args, given, flat_errors(error.error_dict)
        )
        return tk.render("challenge/apply.html", page)
    if draft:
        tk.h.flash_success(tk._("Your draft is saved. Keep the address of this page."))
    else:
        _submit(made["id"], made["key"])
    return _back(made["id"], made["key"])


def _submit(id_: str, key: str) -> None:
    try:
        act("challenge_application_submit", id=id_, **({"key": key} if key else {}))
    except tk.ValidationError as error:
        for texts_of_field in flat_errors(error.error_dict).values():
            tk.h.flash_error(" ".join(texts_of_field))
    else:
        tk.h.flash_success(tk._("Your application is submitted. Thank you."))


def _back(id_: str, key: str) -> AnyResponse:
    return tk.redirect_to(
        "challenge_applicant.read", id=id_, **({"key": key} if key else {})
    )


def _key() -> str:
    return request.values.get("key", "")


@applicant.get("/application/<id>")
def read(id: str) -> str:
    """Where an application is."""
    return tk.render(
        "challenge/application.html", applications.application_page(id, _key())
    )


@applicant.post("/application/<id>")
def update(id: str) -> AnyResponse | str:
    """Correct an application, hand it in, or take it back."""
    key = _key()
    with_key = {"key": key} if key else {}
    asked = request.form.get("save", "draft")
    given = _given()
    try:
        if asked == "withdraw":
            act("challenge_application_withdraw", id=id, **with_key)
            tk.h.flash_success(tk._("Your application is withdrawn."))
            return _back(id, key)
        act("challenge_application_update", id=id, **given, **with_key)
    except tk.ValidationError as error:
        page = applications.application_page(
            id, key, given, flat_errors(error.error_dict)
        )
        return tk.render("challenge/application.html", page)
    if asked == "submit":
        _submit(id, key)
    else:
        tk.h.flash_success(tk._("Your draft is saved. Keep the address of this page."))
    return _back(id, key)

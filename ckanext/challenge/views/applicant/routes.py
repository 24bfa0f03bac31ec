"""The way in: the form of an application, and its page for the applicant."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.common import session
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ckanext.challenge.common import access_links, rate_limit
from ckanext.challenge.domain.characters import cleaned_document
from ckanext.challenge.views.common import (
    act,
    ask_to_sign_in,
    blueprint,
    not_authorized,
    stored_file,
)
from ckanext.challenge.views.forms import flat_errors, texts

from . import form, pages

applicant = blueprint("challenge_applicant")

#: Under which the session keeps what is wrong with a draft, until its page is shown.
_REFUSED = "challenge_refused"


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


def _no_way_in(error: Exception) -> Any:
    """A link that does not open says so, and offers another one."""
    id_ = (request.view_args or {}).get("id", "")
    key = _key()
    if not key:
        return not_authorized(error)
    page = pages.link_page(id_, access_links.judge(key, id_))
    return tk.render("challenge/link.html", page), 403


applicant.register_error_handler(tk.NotAuthorized, _no_way_in)


def _key() -> str:
    return request.values.get("key", "")


def _with_key() -> dict[str, str]:
    key = _key()
    return {"key": key} if key else {}


def _status(error: tk.ValidationError) -> int:
    return 429 if isinstance(error, rate_limit.TooMany) else 200


def _back(id_: str, key: str) -> AnyResponse:
    return tk.redirect_to(
        "challenge_applicant.read", id=id_, **({"key": key} if key else {})
    )


@applicant.get("/<cohort>/apply")
def apply(cohort: str) -> str:
    """The form; first the collectivité, then the rest."""
    return tk.render("challenge/apply.html", pages.apply_page(cohort, request.args))


@applicant.post("/<cohort>/apply")
def create(cohort: str) -> Any:
    """Keep the application, and hand it in."""
    season = act("challenge_cohort_show", id=cohort)
    mark = request.form.get("form", "")
    given = form.given(request.form, season)
    given |= texts(request.form, "late_code")
    given["asked_address"] = request.form.get("asked_address", "")
    draft = request.form.get("save") == "draft"
    sent = form.sent_files(request.files)

    def again(error: tk.ValidationError) -> Any:
        errors = flat_errors(error.error_dict) | form.refused_files(sent)
        page = pages.apply_page(cohort, request.args, given, errors, mark)
        return tk.render("challenge/apply.html", page), _status(error)

    asked = {"cohort": cohort, "form": mark, **given}
    try:
        _check_honeypot()
        made = act("challenge_application_create", draft=draft, **asked)
    except tk.ValidationError as error:
        # To a wrong address goes no link to a draft.
        if draft or not sent or "contact_email" in error.error_dict:
            return again(error)
        # No browser fills in a file again: a draft keeps it while the rest is mended.
        try:
            made = act("challenge_application_create", draft=True, **asked)
        except tk.ValidationError:
            return again(error)
        errors = flat_errors(error.error_dict) | _attach(made, sent)
        return _refused(made["id"], made["key"], errors)
    if made["state"] != "draft":
        # The same form, sent a second time.
        return _back(made["id"], made["key"])
    errors = _attach(made, sent)
    if draft:
        _tell_saved(made)
    else:
        refused_file = bool(errors)
        errors = errors or _submit(made["id"], made["key"])
        if errors:
            # It stays a draft, to which a link must lead.
            with suppress(rate_limit.TooMany):
                act(
                    "challenge_application_link_send",
                    id=made["id"],
                    key=made["key"],
                    refused_file=refused_file,
                )
    if errors:
        return _refused(made["id"], made["key"], errors)
    return _back(made["id"], made["key"])


def _refused(id_: str, key: str, errors: dict[str, list[str]]) -> AnyResponse:
    """Lead to the draft, which has an address, and say there what is wrong."""
    session[_REFUSED] = {"id": id_, "errors": errors}
    return _back(id_, key)


def _check_honeypot() -> None:
    if request.form.get(form.HONEYPOT):
        text = tk._(
            "A field that people do not see was filled in, perhaps by a program of "
            "yours. It is empty again: send the form once more."
        )
        raise tk.ValidationError({"form": [text]})


def _tell_saved(application: dict[str, Any]) -> None:
    if tk.current_user.is_anonymous:
        tk.h.flash_success(
            tk._(
                "Your draft is saved. The link to it is on its way to {email}."
            ).format(email=application["contact_email"])
        )
    else:
        tk.h.flash_success(tk._("Your draft is saved."))


def _attach(made: dict[str, Any], sent: list[form.Sent]) -> dict[str, list[str]]:
    """Attach files, and answer what is wrong by the name of their fields."""
    errors: dict[str, list[str]] = {}
    # Of a form that is sent twice the files are there already.
    there = {
        (file["purpose"], file["question"] or "")
        for file in made.get("attachments", ())
    }
    for one in sent:
        if (one.purpose, one.question) in there:
            continue
        try:
            act(
                "challenge_application_attachment_create",
                id=made["id"],
                key=made["key"],
                purpose=one.purpose,
                upload=one.upload,
                **({"question": one.question} if one.question else {}),
            )
        except tk.ValidationError as error:
            if "question" in error.error_dict:
                # The answers leave it out: only an old browser shows it then.
                continue
            for messages in flat_errors(error.error_dict).values():
                errors.setdefault(one.name, []).extend(messages)
    return errors


def _submit(id_: str, key: str) -> dict[str, list[str]]:
    """Hand it in, and answer what is wrong by the name of the field."""
    try:
        act(
            "challenge_application_submit",
            id=id_,
            **({"key": key} if key else {}),
            **texts(request.form, "late_code"),
        )
    except tk.ValidationError as error:
        errors = flat_errors(error.error_dict)
        if "cohort" in errors:
            kept = tk._("What you wrote is kept as a draft, and not submitted.")
            errors["cohort"].append(kept)
        return errors
    tk.h.flash_success(tk._("Your application is submitted. Thank you."))
    return {}


def _page(
    id_: str,
    key: str,
    given: dict[str, Any] | None = None,
    errors: dict[str, list[str]] | None = None,
    status: int = 200,
) -> Any:
    page = pages.application_page(id_, key, given, errors)
    return tk.render("challenge/application.html", page), status


@applicant.get("/application")
def own() -> Any:
    """The applications that were made with one's account."""
    if tk.current_user.is_anonymous:
        return ask_to_sign_in()
    return tk.render("challenge/applications.html", pages.own_page())


@applicant.get("/application/<id>")
def read(id: str) -> Any:
    """Where an application is."""
    if _key():
        act("challenge_application_email_confirm", id=id, key=_key())
    refused = session.get(_REFUSED)
    if not refused or refused["id"] != id:
        return _page(id, _key())
    del session[_REFUSED]
    return _page(id, _key(), None, refused["errors"])


@applicant.post("/application/<id>")
def update(id: str) -> Any:
    """Correct an application, hand it in, or take it back."""
    asked = request.form.get("save", "draft")
    if asked == "withdraw":
        return _withdraw(id)
    shown = act("challenge_application_show", id=id, **_with_key())
    cohort = act("challenge_cohort_show", id=shown["cohort_id"])
    given = form.given(request.form, cohort)
    sent = form.sent_files(request.files)
    try:
        saved = act(
            "challenge_application_update",
            id=id,
            **given,
            asked_address=request.form.get("asked_address", ""),
            **texts(request.form, "revision"),
            **_with_key(),
        )
    except tk.ValidationError as error:
        errors = flat_errors(error.error_dict) | form.refused_files(sent)
        return _page(id, _key(), given, errors, _status(error))
    # A new address ends a key that was mailed to the former one.
    key = saved.get("key") or _key()
    with_key = {"key": key} if key else {}
    errors = _attach({"id": saved["id"], "key": key}, sent)
    for file_id in form.removed_files(request.form):
        # Another window may have removed it before, or another file took its place.
        with suppress(tk.ObjectNotFound):
            try:
                act("challenge_application_attachment_delete", id=file_id, **with_key)
            except tk.ValidationError as error:
                errors |= flat_errors(error.error_dict)
    if asked == "submit":
        errors = errors or _submit(id, key)
    elif asked == "change" and not errors:
        tk.h.flash_success(tk._("Your application is changed."))
    elif not errors:
        tk.h.flash_success(tk._("Your draft is saved."))
    if errors:
        return _page(id, key, None, errors)
    return _back(id, key)


def _withdraw(id_: str) -> Any:
    try:
        act("challenge_application_withdraw", id=id_, **_with_key())
    except tk.ValidationError as error:
        return _page(id_, _key(), None, flat_errors(error.error_dict))
    tk.h.flash_success(tk._("Your application is withdrawn."))
    return _back(id_, _key())


@applicant.post("/application/<id>/messages")
def write(id: str) -> Any:
    """Write to the team of the season."""
    given = {"text": request.form.get("text", "")}
    upload = request.files.get("upload")
    try:
        act(
            "challenge_application_message_create",
            id=id,
            upload=upload,
            **given,
            **_with_key(),
        )
    except tk.ValidationError as error:
        errors = flat_errors(error.error_dict)
        return _page(id, _key(), given, errors, _status(error))
    tk.h.flash_success(tk._("Your message is sent."))
    return _back(id, _key())


@applicant.get("/application/<id>/file/<file_id>")
def file(id: str, file_id: str) -> Any:
    """A file, to save and never to show: it is somebody else's."""
    row = act("challenge_application_attachment_show", id=file_id, **_with_key())
    if row["application_id"] != id:
        raise tk.ObjectNotFound
    return stored_file(row)


@applicant.get("/application/<id>/data.json")
def data(id: str) -> Response:
    """Everything that is kept about one's own application."""
    found = act("challenge_application_data", id=id, **_with_key())
    name = found["application"]["reference"]
    return Response(
        json.dumps(cleaned_document(found), ensure_ascii=False, indent=2),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
    )


@applicant.post("/application/link")
def send_link() -> AnyResponse:
    """Mail the link to an application to its contact, whether there is one or not."""
    asked = texts(request.form, "id", "cohort", "siren")
    try:
        act("challenge_application_link_send", **asked)
    except tk.ValidationError as error:
        for messages in flat_errors(error.error_dict).values():
            tk.h.flash_error(" ".join(messages))
    else:
        tk.h.flash_success(
            tk._(
                "If there is such an application, the link to it is on its way to its "
                "contact. Look into the spam folder too."
            )
        )
    if "cohort" in asked:
        return tk.redirect_to("challenge.read", cohort=asked["cohort"])
    return tk.redirect_to("challenge.index")

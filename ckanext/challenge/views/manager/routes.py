"""The desk of those who run seasons."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response, request, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.domain.lifecycle import COHORT_COMING
from ckanext.challenge.views.common import (
    act,
    attached,
    context,
    flash_refused,
    managers_blueprint,
    may,
)
from ckanext.challenge.views.forms import flat_errors, refused_alike, texts

from .application import application_page, decision_page, drop_page, neighbours
from .applications import applications_page, chosen_filters, kept_filters
from .board import board_page
from .cohort import cohort_page
from .decisions import (
    batch_page,
    publish_page,
    results_page,
    tell_of_search,
    unanswered,
)
from .importing import import_page, typed_import
from .scores import FIELD as SCORE_FIELD
from .statistics import statistics_page
from .transition import transition_page
from .undoing import undo_page
from .week import KEPT as WEEK_KEPT
from .week import week_page

manager = managers_blueprint("challenge_manage")


@manager.get("")
def index() -> str:
    """The week of somebody who helps to run seasons."""
    return tk.render("challenge/manage/index.html", week_page(request.args))


@manager.post("/settle")
def settle() -> AnyResponse:
    """A message needs no answer."""
    given = texts(request.form, "id")
    try:
        act("challenge_message_settle", **given)
    except tk.ValidationError as error:
        _flash(error)
    else:
        tk.h.flash_success(tk._("This message waits for no answer any more."))
    kept = {key: value for key, value in request.args.items() if key in WEEK_KEPT}
    return tk.redirect_to("challenge_manage.index", **kept)


@manager.get("/<cohort>")
def season(cohort: str) -> AnyResponse | str:
    """A season in the managers' area: one begins with who waits, or who takes part."""
    tab = request.args.get("tab")
    if tab not in ("participants", "season"):
        shown = act("challenge_cohort_show", id=cohort)
        begins = shown["state"] in COHORT_COMING or tab == "applications"
        if begins and may("challenge_application_list", cohort=shown["id"]):
            return tk.redirect_to(_list(cohort))
        return tk.render(
            "challenge/manage/board.html", board_page(cohort, request.args)
        )
    return tk.render("challenge/manage/season.html", cohort_page(cohort))


@manager.post("/<cohort>/ask")
def ask(cohort: str) -> AnyResponse | str:
    """Ask the admins of an organization whether it takes part."""
    given = texts(request.form, "organization")
    # The address of its page does as well as the name at its end.
    named = given.get("organization", "").rstrip("/").rpartition("/")[2]
    try:
        asked = act("challenge_participant_ask", cohort=cohort, organization=named)
    except (tk.ValidationError, tk.ObjectNotFound) as error:
        # To those who may not ask the page is refused as well.
        errors = (
            flat_errors(error.error_dict)
            if isinstance(error, tk.ValidationError)
            else {"organization": [tk._("There is no such organization")]}
        )
        page = cohort_page(cohort, given, errors)
        return tk.render("challenge/manage/season.html", page)
    tk.h.flash_success(
        tk._("Those who answer for {organization} are asked by mail.").format(
            organization=asked["organization_title"]
        )
    )
    return tk.redirect_to(
        "challenge_manage.season", cohort=cohort, tab="season", _anchor="asking"
    )


@manager.get("/<cohort>/state")
def transition_preview(cohort: str) -> AnyResponse | str:
    """What moving a season to another state will do."""
    return _before_moving(cohort, request.args.get("to", ""))


def _before_moving(cohort: str, to: str) -> AnyResponse | str:
    try:
        page = transition_page(cohort, to)
    except tk.ValidationError as error:
        _flash(error)
        return tk.redirect_to("challenge_manage.season", cohort=cohort, tab="season")
    return tk.render("challenge/manage/transition.html", page)


@manager.post("/<cohort>/state")
def transition(cohort: str) -> AnyResponse | str:
    """Move a season to another state of its life, out of the one that was shown."""
    wish = texts(request.form, "from", "to")
    if not wish.get("from"):
        return _before_moving(cohort, wish.get("to", ""))
    try:
        act("challenge_cohort_transition", id=cohort, **wish)
    except tk.ValidationError as error:
        _flash(error)
    else:
        tk.h.flash_success(_moved(wish.get("to", "")))
    return tk.redirect_to("challenge_manage.season", cohort=cohort, tab="season")


def _moved(state: str) -> str:
    """What is said once a season is in this state."""
    return {
        "open": tk._("The season takes applications."),
        "running": tk._("The season is launched."),
        "finished": tk._("The season is over."),
        "archived": tk._("The season is archived."),
    }.get(state, tk._("The season has changed its state."))


@manager.get("/<cohort>/applications")
def applications(cohort: str) -> str:
    """The applications to a season."""
    return tk.render(
        "challenge/manage/applications.html", applications_page(cohort, request.args)
    )


@manager.get(f"/<cohort>/applications.<any({','.join(FORMATS)}):format>")
def export(cohort: str, format: str) -> Response:
    """The chosen applications as a file."""
    answer = tk.get_action("challenge_application_export")(
        {**context(), "stream": True},  # type: ignore[typeddict-unknown-key]
        {"cohort": cohort, "format": format, **chosen_filters(request.args)},
    )
    response = Response(
        stream_with_context(answer["content"]), content_type=answer["media_type"]
    )
    return attached(response, answer["filename"])


def _kept() -> dict[str, str]:
    """What the address says of the list one came from."""
    return {key: value for key, value in kept_filters(request.args).items() if value}


def _list(cohort: str) -> str:
    """The address of the list one came from."""
    kept = _kept()
    return str(tk.h.url_for("challenge_manage.applications", cohort=cohort, **kept))


def _wish() -> dict[str, Any]:
    """The decision, and all that goes with it, as a form sends it."""
    form = request.form
    return {
        **texts(form, "decision", "reason", "kind"),
        "fields": form.getlist("fields"),
        "pending": form.get("pending", ""),
    }


@manager.get("/<cohort>/applications/statistics")
def statistics(cohort: str) -> str:
    """The applications to a season in figures."""
    return tk.render("challenge/manage/statistics.html", statistics_page(cohort))


@manager.post("/<cohort>/applications/decide")
def batch(cohort: str) -> AnyResponse | str:
    """Decide the same on the chosen applications: first show, then do."""
    everybody = request.form.get("ids") == "unanswered"
    ids = unanswered(cohort) if everybody else request.form.getlist("ids")
    back = _list(cohort)
    if not ids:
        tk.h.flash_error(tk._("Choose at least one application."))
        return tk.redirect_to(back)
    wish = _wish()
    if wish.get("decision", "").startswith("assign:"):
        return _assign(ids, wish["decision"].partition(":")[2], back)
    errors = {}
    if request.form.get("do") == "confirm":
        try:
            answer = act("challenge_application_batch_review", ids=ids, **wish)
        except tk.ValidationError as error:
            errors = flat_errors(error.error_dict)
        else:
            # What was refused for all is mended in the form, where it was typed.
            errors = refused_alike(answer["results"], ("reason", "fields"))
            if not errors:
                return tk.render(
                    "challenge/manage/results.html",
                    results_page(cohort, answer, back, bool(wish.get("pending"))),
                )
    page = batch_page(cohort, ids, wish, errors)
    page["back"] = back
    return tk.render("challenge/manage/batch.html", page)


def _assign(ids: list[str], reviewer: str, back: str) -> AnyResponse:
    for id_ in ids:
        act("challenge_application_assign", id=id_, reviewer=reviewer)
    tk.h.flash_success(
        tk.ungettext(
            "{number} application has another reader.",
            "{number} applications have another reader.",
            len(ids),
        ).format(number=len(ids))
    )
    return tk.redirect_to(back)


@manager.get("/<cohort>/applications/publish")
def publish(cohort: str) -> str:
    """The decisions that wait, and the mails that they will send."""
    return tk.render("challenge/manage/publish.html", publish_page(cohort))


@manager.post("/<cohort>/applications/publish")
def publish_now(cohort: str) -> str:
    """Publish the decisions that the page showed, as it showed them."""
    shown = request.form.getlist("shown")
    if not shown:
        return publish(cohort)
    answer = act("challenge_decisions_publish", cohort=cohort, shown=shown)
    back = _list(cohort)
    return tk.render(
        "challenge/manage/results.html", results_page(cohort, answer, back)
    )


@manager.get("/<cohort>/application/<id>")
def application(cohort: str, id: str) -> str:
    """An application, to read and decide on."""
    return tk.render(
        "challenge/manage/application.html", application_page(cohort, id, request.args)
    )


def _here(cohort: str, id_: str, anchor: str = "") -> AnyResponse:
    """The page of the application again, in the list one came from."""
    kept = {**_kept(), **texts(request.args, "then")}
    return tk.redirect_to(
        "challenge_manage.application",
        cohort=cohort,
        id=id_,
        **({"_anchor": anchor} if anchor else {}),
        **kept,
    )


def _again(cohort: str, id_: str, error: tk.ValidationError, **given: Any) -> str:
    page = application_page(
        cohort, id_, request.args, given, flat_errors(error.error_dict)
    )
    return tk.render("challenge/manage/application.html", page)


@manager.post("/<cohort>/application/<id>")
def review(cohort: str, id: str) -> AnyResponse | str:
    """Decide on an application: first show what that does, then do it."""
    wish = _wish()
    leads_on = request.form.get("then") == "next"
    step = request.form.get("do")
    if step == "edit":
        again = application_page(cohort, id, request.args, wish)
        again["then_next"] = leads_on
        return tk.render("challenge/manage/application.html", again)
    kept = request.form.get("kept", "none")
    if step != "confirm":
        page = decision_page(cohort, id, wish, request.args, leads_on=leads_on)
        if page is not None:
            return tk.render("challenge/manage/confirm.html", page)
    following = None
    if leads_on:
        # Before the decision: after it, the file may no longer be in the list.
        shown = act("challenge_cohort_show", id=cohort)
        following = neighbours(shown, id, request.args)["next"]
    try:
        decided = act("challenge_application_review", id=id, kept=kept, **wish)
    except tk.ValidationError as error:
        return _again(cohort, id, error, **wish)
    name = decided["organization_title"]
    if wish["pending"]:
        text = tk._("{name}: your decision is kept. Nobody is told until you publish.")
    elif wish["decision"] == "start":
        text = tk._("{name}: you have begun to read.")
    else:
        text = tk._("{name}: your decision is saved; the applicant is told by mail.")
    tk.h.flash_success(text.format(name=name))
    tell_of_search(wish["decision"] == "accept" and not wish["pending"])
    if not leads_on:
        return _here(cohort, id)
    if following:
        kept = _kept()
        return tk.redirect_to(
            "challenge_manage.application",
            cohort=cohort,
            id=following,
            then="next",
            **kept,
        )
    return tk.redirect_to(_list(cohort))


@manager.post("/<cohort>/application/<id>/preview")
def preview(cohort: str, id: str) -> str:
    """The mail that a decision would send; nothing is decided."""
    wish = _wish()
    chosen = wish["decision"] = wish.get("decision", "").removeprefix("preview:")
    asked = {
        name: wish[name] for name in ("reason", "kind", "fields") if wish.get(name)
    }
    try:
        mail = act("challenge_mail_preview", application=id, decision=chosen, **asked)
    except tk.ValidationError as error:
        return _again(cohort, id, error, **wish)
    # None of these is a mail, and is shown as that.
    page = application_page(cohort, id, request.args, wish, preview=mail or {})
    return tk.render("challenge/manage/application.html", page)


@manager.post("/<cohort>/application/<id>/pending")
def drop(cohort: str, id: str) -> AnyResponse | str:
    """Drop a decision that waits to be published: first show it, then do."""
    if request.form.get("do") != "confirm":
        page = drop_page(cohort, id, request.args)
        if page is None:
            tk.h.flash_notice(tk._("No decision is kept here any more."))
            return _here(cohort, id)
        return tk.render("challenge/manage/confirm.html", page)
    try:
        act("challenge_decision_drop", id=id, **texts(request.form, "at"))
    except tk.ValidationError as error:
        _flash(error)
    else:
        tk.h.flash_success(tk._("The pending decision is dropped."))
    return _here(cohort, id)


@manager.get("/<cohort>/application/<id>/undo")
def before_undoing(cohort: str, id: str) -> str:
    """What undoing the acceptance of an application will do, or what hinders it."""
    return tk.render("challenge/manage/undo.html", undo_page(cohort, id, request.args))


@manager.post("/<cohort>/application/<id>/undo")
def undo(cohort: str, id: str) -> AnyResponse | str:
    """Undo the acceptance that the page showed."""
    wish = texts(request.form, "reason", "accepted_at")
    if not wish.get("accepted_at"):
        return before_undoing(cohort, id)
    try:
        undone = act("challenge_application_acceptance_undo", id=id, **wish)
    except tk.ValidationError as error:
        page = undo_page(cohort, id, request.args, wish, flat_errors(error.error_dict))
        return tk.render("challenge/manage/undo.html", page)
    tk.h.flash_success(tk._("The acceptance is undone."))
    if undone["next_in_line"]:
        tk.h.flash_notice(
            tk._("First on the waiting list: {name} ({reference}).").format(
                name=undone["next_in_line"]["organization_title"],
                reference=undone["next_in_line"]["reference"],
            )
        )
    return _here(cohort, id)


@manager.post("/<cohort>/application/<id>/proof")
def mail_proof(cohort: str, id: str) -> AnyResponse:
    """Mail the link once more for which the contact's role waits."""
    tk.check_access("challenge_application_review", context(), {"id": id})
    account = act("challenge_application_show", id=id)["account"] or {}
    if not account.get("waiting"):
        raise tk.ObjectNotFound
    try:
        act("challenge_address_proof_send", id=account["waiting"])
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("The link is on its way to the contact."))
    return _here(cohort, id, "account")


@manager.post("/<cohort>/application/<id>/assign")
def assign(cohort: str, id: str) -> AnyResponse | str:
    """Say who reads an application."""
    given = texts(request.form, "reviewer")
    try:
        act("challenge_application_assign", id=id, **given)
    except tk.ValidationError as error:
        return _again(cohort, id, error, **given)
    tk.h.flash_success(tk._("Saved."))
    return _here(cohort, id, "assignment")


@manager.post("/<cohort>/application/<id>/rank")
def rank(cohort: str, id: str) -> AnyResponse | str:
    """Move an application on the waiting list."""
    given = texts(request.form, "rank")
    try:
        act("challenge_waitlist_move", id=id, **given)
    except tk.ValidationError as error:
        return _again(cohort, id, error, **given)
    tk.h.flash_success(tk._("The waiting list has its new order."))
    return _here(cohort, id, "waiting")


@manager.post("/<cohort>/application/<id>/message")
def message(cohort: str, id: str) -> AnyResponse | str:
    """Write to the applicant."""
    # Applicants write to the team from their own page.
    tk.check_access("challenge_application_list", context(), {"cohort": cohort})
    given = texts(request.form, "text")
    upload = request.files.get("upload")
    files = {"upload": upload} if upload and upload.filename else {}
    try:
        act("challenge_application_message_create", id=id, **given, **files)
    except tk.ValidationError as error:
        return _again(cohort, id, error, message=given.get("text"))
    tk.h.flash_success(tk._("Your message is sent."))
    return _here(cohort, id, "conversation")


@manager.post("/<cohort>/application/<id>/score")
def score(cohort: str, id: str) -> AnyResponse | str:
    """Give one's scores for an application, or declare a conflict of interest."""
    form = request.form
    given = texts(form, "comment", "conflict")
    given |= texts(form, *(name for name in form if name.startswith(SCORE_FIELD)))
    try:
        act("challenge_score_create", id=id, **given)
    except tk.ValidationError as error:
        return _again(cohort, id, error, score=given)
    tk.h.flash_success(
        tk._("Your conflict of interest is noted.")
        if given.get("conflict")
        else tk._("Your scores are saved.")
    )
    return _here(cohort, id, "scores")


@manager.post("/<cohort>/application/<id>/note")
def note(cohort: str, id: str) -> AnyResponse | str:
    """Write a note that only the team reads."""
    given = texts(request.form, "text")
    try:
        act("challenge_application_note_create", id=id, **given)
    except tk.ValidationError as error:
        return _again(cohort, id, error, note=given.get("text"))
    tk.h.flash_success(tk._("Your note is saved."))
    return _here(cohort, id, "notes")


def _flash(error: tk.ValidationError) -> None:
    for messages in flat_errors(error.error_dict).values():
        tk.h.flash_error(" ".join(messages))


@manager.get("/<cohort>/import")
def choose_list(cohort: str) -> str:
    """The form that takes a list of collectivités."""
    return tk.render("challenge/manage/import.html", import_page(cohort))


@manager.post("/<cohort>/import")
def import_list(cohort: str) -> AnyResponse | str:
    """Show what a list would do, or import it."""
    typed, file = typed_import(request.form), request.files.get("upload")
    stores = request.form.get("do") == "import"
    given = {**typed, "upload": file} if file else typed
    try:
        found = _imported(cohort, given, not stores)
    except tk.ValidationError as error:
        page = _refused_list(cohort, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/import.html", page)
    if not stores:
        page = import_page(cohort, typed, found)
        return tk.render("challenge/manage/import.html", page)
    text = tk._("The list is imported: {new} new, {changed} changed.")
    tk.h.flash_success(text.format(**found["counts"]))
    return tk.redirect_to("challenge_manage.season", cohort=cohort)


def _imported(cohort: str, given: dict[str, Any], dry_run: bool) -> Any:
    return act(
        "challenge_participant_import",
        cohort=cohort,
        dry_run=dry_run,
        keep=dry_run,
        **given,
    )


def _refused_list(
    cohort: str, typed: dict[str, Any], errors: dict[str, list[str]]
) -> dict[str, Any]:
    """The page of a list that was refused: how it is read, where it still can be."""
    found = None
    if typed.get("kept"):
        # Columns that were refused are read as they were proposed.
        dropped = ("columns",) if "columns" in errors else ()
        given = {name: typed[name] for name in typed if name not in dropped}
        with suppress(tk.ValidationError):
            found = _imported(cohort, given, dry_run=True)
    return import_page(cohort, typed, found, errors)

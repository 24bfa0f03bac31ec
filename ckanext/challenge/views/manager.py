"""The desk of those who run seasons."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from . import desk
from .common import act, blueprint, context
from .forms import flat_errors, lines, texts

__all__ = ["manager"]

manager = blueprint("challenge_manage", "/challenge/manage")

PLAIN = (
    "name",
    "title",
    "season",
    "description",
    "programme",
    "application_opens",
    "application_deadline",
    "launch",
    "first_publication",
    "finalisation",
    "capacity",
    "days_per_participant",
    "currency",
    "contact_email",
    "hashtag",
)


@manager.before_request
def only_for_people() -> Response | None:
    """Somebody who has not signed in is asked to."""
    if tk.current_user.is_anonymous:
        return tk.redirect_to("user.login", came_from=tk.h.current_url())
    return None


@manager.after_request
def keep_private(response: Response) -> Response:
    """What managers read stays out of shared caches."""
    # CKAN's own mark for "private"; it writes the header after this.
    request.environ["__no_cache__"] = True
    return response


@manager.get("")
def index() -> str:
    """The seasons that one helps to run."""
    return tk.render("challenge/manage/index.html", desk.index_page())


def _given() -> dict[str, Any]:
    form = request.form
    return {
        **texts(form, *PLAIN),
        "kinds": form.getlist("kinds"),
        **{name: lines(form, name) for name in desk.LISTS},
    }


@manager.get("/new")
def new() -> str:
    """The form of a new season."""
    tk.check_access("challenge_cohort_create", context(), {})
    return tk.render("challenge/manage/edit.html", desk.edit_page(None))


@manager.post("/new")
def create() -> Response | str:
    """Create a season, as a draft."""
    given = _given()
    try:
        cohort = act("challenge_cohort_create", **given)
    except tk.ValidationError as error:
        page = desk.edit_page(None, given, flat_errors(error.error_dict))
        return tk.render("challenge/manage/edit.html", page)
    tk.h.flash_success(tk._("The season is created, as a draft that only you see."))
    return tk.redirect_to("challenge_manage.season", cohort=cohort["name"])


@manager.get("/<cohort>")
def season(cohort: str) -> str:
    """A season at the desk: who needs me?"""
    return tk.render(
        "challenge/manage/season.html", desk.season_page(cohort, request.args)
    )


@manager.get("/<cohort>/edit")
def edit(cohort: str) -> str:
    """The form of a season."""
    tk.check_access("challenge_cohort_update", context(), {"id": cohort})
    return tk.render("challenge/manage/edit.html", desk.edit_page(cohort))


@manager.post("/<cohort>/edit")
def update(cohort: str) -> Response | str:
    """Change a season."""
    given = _given()
    try:
        changed = act("challenge_cohort_update", id=cohort, **given)
    except tk.ValidationError as error:
        page = desk.edit_page(cohort, given, flat_errors(error.error_dict))
        return tk.render("challenge/manage/edit.html", page)
    tk.h.flash_success(tk._("The season is saved."))
    return tk.redirect_to("challenge_manage.season", cohort=changed["name"])


@manager.post("/<cohort>/state")
def transition(cohort: str) -> Response:
    """Move a season to another state of its life."""
    try:
        act("challenge_cohort_transition", id=cohort, to=request.form.get("to", ""))
    except tk.ValidationError as error:
        _flash(error)
    else:
        tk.h.flash_success(tk._("The season has changed its state."))
    return tk.redirect_to("challenge_manage.season", cohort=cohort)


@manager.get("/<cohort>/application/<id>")
def application(cohort: str, id: str) -> str:
    """An application, to read and decide on."""
    return tk.render(
        "challenge/manage/application.html", desk.application_page(cohort, id)
    )


@manager.post("/<cohort>/application/<id>")
def review(cohort: str, id: str) -> Response | str:
    """Decide on an application."""
    given = texts(request.form, "decision", "reason")
    try:
        act("challenge_application_review", id=id, **given)
    except tk.ValidationError as error:
        page = desk.application_page(cohort, id, given, flat_errors(error.error_dict))
        return tk.render("challenge/manage/application.html", page)
    tk.h.flash_success(tk._("Your decision is saved; the applicant is told by mail."))
    return tk.redirect_to("challenge_manage.application", cohort=cohort, id=id)


def _flash(error: tk.ValidationError) -> None:
    for messages in flat_errors(error.error_dict).values():
        tk.h.flash_error(" ".join(messages))

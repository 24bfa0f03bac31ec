"""The desk of those who run seasons."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from . import desk
from .common import act, managers_blueprint
from .forms import flat_errors, texts

__all__ = ["manager"]

manager = managers_blueprint("challenge_manage")


@manager.get("")
def index() -> str:
    """The seasons that one helps to run."""
    return tk.render("challenge/manage/index.html", desk.index_page())


@manager.get("/<cohort>")
def season(cohort: str) -> str:
    """A season at the desk: who needs me?"""
    return tk.render(
        "challenge/manage/season.html", desk.season_page(cohort, request.args)
    )


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

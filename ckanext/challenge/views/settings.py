"""The settings of a season: what managers decide before and while it runs."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from .common import act, context, managers_blueprint
from .forms import flat_errors
from .season_form import given, season_form

__all__ = ["settings"]

settings = managers_blueprint("challenge_settings")


@settings.get("/new")
def new() -> str:
    """The form of a new season."""
    tk.check_access("challenge_cohort_create", context(), {})
    return tk.render("challenge/manage/edit.html", season_form(None))


@settings.post("/new")
def create() -> Response | str:
    """Create a season, as a draft."""
    typed = given(request.form)
    try:
        cohort = act("challenge_cohort_create", **typed)
    except tk.ValidationError as error:
        page = season_form(None, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/edit.html", page)
    tk.h.flash_success(tk._("The season is created, as a draft that only you see."))
    return tk.redirect_to("challenge_manage.season", cohort=cohort["name"])


@settings.get("/<cohort>/edit")
def edit(cohort: str) -> str:
    """The form of a season."""
    tk.check_access("challenge_cohort_update", context(), {"id": cohort})
    return tk.render("challenge/manage/edit.html", season_form(cohort))


@settings.post("/<cohort>/edit")
def update(cohort: str) -> Response | str:
    """Change a season."""
    typed = given(request.form)
    try:
        changed = act("challenge_cohort_patch", id=cohort, **typed)
    except tk.ValidationError as error:
        page = season_form(cohort, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/edit.html", page)
    tk.h.flash_success(tk._("The season is saved."))
    return tk.redirect_to("challenge_manage.season", cohort=changed["name"])

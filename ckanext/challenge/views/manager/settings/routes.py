"""The settings of a season: what managers decide before and while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.views.common import (
    act,
    context,
    flash_refused,
    managers_blueprint,
)
from ckanext.challenge.views.forms import flat_errors, texts

from .codes import codes_page
from .cohort import (
    PARTS,
    cohort_form,
    given,
    merged,
    part_of,
    with_more_rows,
)
from .copying import copy_page, deletion_page, typed_copy
from .criteria import CriteriaForm
from .dates import dates_page, typed_dates
from .programme import programme_page
from .questions import QuestionsForm
from .staff import invited_again, removal_page, staff_page

settings = managers_blueprint("challenge_settings")


@settings.get("/new")
def new() -> str:
    """The form of a new season."""
    tk.check_access("challenge_cohort_create", context(), {})
    return tk.render("challenge/manage/new.html", cohort_form(None))


@settings.post("/new")
def create() -> Response | str:
    """Create a season, as a draft."""
    typed = given(request.form)
    if rows := with_more_rows(request.form):
        page = cohort_form(None, typed, rows_shown=rows)
        return tk.render("challenge/manage/new.html", page)
    try:
        cohort = act("challenge_cohort_create", **typed)
    except tk.ValidationError as error:
        page = cohort_form(None, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/new.html", page)
    tk.h.flash_success(tk._("The season is created, as a draft that only you see."))
    return tk.redirect_to("challenge_manage.season", cohort=cohort["name"])


@settings.get("/<cohort>/edit")
def edit(cohort: str) -> str:
    """A part of the form of a season."""
    part = part_of(request.args.get("part"))
    return tk.render("challenge/manage/edit.html", cohort_form(cohort, part=part))


@settings.post("/<cohort>/edit")
def update(cohort: str) -> Response | str:
    """Change a season: what the part has or, where none is named, all of it."""
    named = request.args.get("part")
    part = part_of(named) if named else ""
    typed = given(request.form, (part,) if part else PARTS)
    errors: dict[str, list[str]] = {}
    rows = with_more_rows(request.form)
    if not rows:
        try:
            changed = act("challenge_cohort_patch", id=cohort, **typed)
        except tk.ValidationError as error:
            errors = flat_errors(error.error_dict)
        else:
            tk.h.flash_success(tk._("The season is saved."))
            kept = {"part": part} if part else {}
            return tk.redirect_to(
                "challenge_settings.edit", cohort=changed["name"], **kept
            )
    if "revision" in errors:
        typed = merged(cohort, typed, request.form)
        text = tk._("What you had not changed yourself stands as it is now.")
        errors["revision"] = [*errors["revision"], text]
    page = cohort_form(cohort, typed, errors, part=part, rows_shown=rows)
    return tk.render("challenge/manage/edit.html", page)


@settings.get("/<cohort>/dates")
def dates(cohort: str) -> str:
    """The dates of a season, to be moved."""
    return tk.render("challenge/manage/dates.html", dates_page(cohort))


@settings.post("/<cohort>/dates")
def move_dates(cohort: str) -> Response | str:
    """Show whom other dates touch, or take them."""
    typed = typed_dates(request.form)
    moves = request.form.get("do") == "move"
    try:
        found = act(
            "challenge_cohort_dates_update", id=cohort, dry_run=not moves, **typed
        )
    except tk.ValidationError as error:
        page = dates_page(cohort, typed, errors=flat_errors(error.error_dict))
        return tk.render("challenge/manage/dates.html", page)
    if not moves:
        return tk.render(
            "challenge/manage/dates.html", dates_page(cohort, typed, found)
        )
    tk.h.flash_success(tk._("The dates are moved."))
    return tk.redirect_to("challenge_settings.dates", cohort=cohort)


@settings.get("/<cohort>/questions")
def questions(cohort: str) -> str:
    """The editor of a season's own questions."""
    return tk.render("challenge/manage/questions.html", QuestionsForm(cohort).page())


@settings.post("/<cohort>/questions")
def update_questions(cohort: str) -> Response | str:
    """Change the questions in the form, or save them."""
    form = QuestionsForm(cohort, request.form)
    if not form.saves:
        form.change()
        return tk.render("challenge/manage/questions.html", form.page())
    data = form.data()
    mismatches = form.mismatches()
    if mismatches:
        return tk.render("challenge/manage/questions.html", form.page(mismatches))
    try:
        act("challenge_cohort_patch", id=cohort, **data)
    except tk.ValidationError as error:
        page = form.page(flat_errors(error.error_dict))
        return tk.render("challenge/manage/questions.html", page)
    tk.h.flash_success(tk._("The questions are saved."))
    return tk.redirect_to("challenge_settings.questions", cohort=cohort)


@settings.get("/<cohort>/criteria")
def criteria(cohort: str) -> str:
    """The editor of the criteria by which applications are read, and of its days."""
    return tk.render("challenge/manage/criteria.html", CriteriaForm(cohort).page())


@settings.post("/<cohort>/criteria")
def update_criteria(cohort: str) -> Response | str:
    """Change the criteria in the form, or save them with the days of the reading."""
    form = CriteriaForm(cohort, request.form)
    if not form.saves:
        form.change()
        return tk.render("challenge/manage/criteria.html", form.page())
    try:
        act("challenge_cohort_patch", id=cohort, **form.data())
    except tk.ValidationError as error:
        page = form.page(flat_errors(error.error_dict))
        return tk.render("challenge/manage/criteria.html", page)
    tk.h.flash_success(tk._("The criteria are saved."))
    return tk.redirect_to("challenge_settings.criteria", cohort=cohort)


@settings.get("/<cohort>/programme")
def programme(cohort: str) -> str:
    """The programme of a season, and what a newer version would change."""
    return tk.render("challenge/manage/programme.html", programme_page(cohort))


@settings.post("/<cohort>/programme")
def move_programme(cohort: str) -> Response | str:
    """Move a season to the version that was looked at."""
    try:
        moved = act(
            "challenge_cohort_programme_update",
            id=cohort,
            digest=request.form.get("digest", ""),
        )
    except tk.ValidationError as error:
        page = programme_page(cohort, flat_errors(error.error_dict))
        return tk.render("challenge/manage/programme.html", page)
    tk.h.flash_success(
        tk._("The season follows version {version} of its programme now.").format(
            version=moved["programme_version"]
        )
    )
    return tk.redirect_to("challenge_settings.programme", cohort=cohort)


@settings.get("/<cohort>/staff")
def staff(cohort: str) -> str:
    """Who runs a season."""
    return tk.render("challenge/manage/staff.html", staff_page(cohort))


@settings.post("/<cohort>/staff")
def add_staff(cohort: str) -> Response | str:
    """Give somebody a role."""
    typed = texts(request.form, "user", "role")
    role = {"cohort": cohort, "role": typed.get("role", "")}
    by_mail = "@" in typed.get("user", "")
    try:
        if by_mail:
            named = act("challenge_staff_invite", email=typed["user"], **role)
        else:
            named = act("challenge_staff_create", user=typed.get("user", ""), **role)
    except tk.ValidationError as error:
        errors = flat_errors(error.error_dict)
        if "email" in errors:
            errors["user"] = errors.pop("email")
        page = staff_page(cohort, typed, errors)
        return tk.render("challenge/manage/staff.html", page)
    tk.h.flash_success(_named(named))
    return tk.redirect_to("challenge_settings.staff", cohort=cohort)


def _named(named: Mapping[str, Any]) -> str:
    """What became of somebody who was named, or invited."""
    if named.get("invited"):
        text = tk._("{name} is invited: the link to the account is on its way by mail.")
    elif named["waiting"]:
        text = tk._(
            "{name} is on the team once this account opened the link that is mailed to "
            "its address."
        )
    else:
        text = tk._("{name} is on the team.")
    return text.format(name=named.get("display_name") or named["user"])


@settings.post("/<cohort>/staff/<id>/again")
def invite_again(cohort: str, id: str) -> Response:
    """Mail the link again to somebody who was invited and has not come."""
    try:
        email = invited_again(cohort, id)
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        text = tk._("The link is on its way to {email} once more.")
        tk.h.flash_success(text.format(email=email))
    return tk.redirect_to("challenge_settings.staff", cohort=cohort)


@settings.post("/<cohort>/staff/<id>/delete")
def remove_staff(cohort: str, id: str) -> Response | str:
    """Take a role back: first show what that does, then do it."""
    if request.form.get("do") != "confirm":
        return tk.render("challenge/manage/confirm.html", removal_page(cohort, id))
    act("challenge_staff_delete", id=id)
    tk.h.flash_success(tk._("The role is taken back."))
    return tk.redirect_to("challenge_settings.staff", cohort=cohort)


@settings.get("/<cohort>/codes")
def codes(cohort: str) -> str:
    """The codes for those who come late."""
    return tk.render("challenge/manage/codes.html", codes_page(cohort))


@settings.post("/<cohort>/codes")
def add_code(cohort: str) -> Response | str:
    """Make a code."""
    typed = texts(request.form, "note", "valid_until", "max_uses")
    try:
        made = act("challenge_late_code_create", cohort=cohort, **typed)
    except tk.ValidationError as error:
        page = codes_page(cohort, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/codes.html", page)
    tk.h.flash_success(tk._("The code {code} is ready.").format(code=made["code"]))
    return tk.redirect_to("challenge_settings.codes", cohort=cohort)


@settings.post("/<cohort>/codes/<id>/delete")
def revoke_code(cohort: str, id: str) -> Response:
    """Make a code useless."""
    act("challenge_late_code_delete", id=id)
    tk.h.flash_success(tk._("This code lets nobody in any more."))
    return tk.redirect_to("challenge_settings.codes", cohort=cohort)


@settings.get("/<cohort>/copy")
def copy(cohort: str) -> str:
    """The form of a copy."""
    return tk.render("challenge/manage/copy.html", copy_page(cohort))


@settings.post("/<cohort>/copy")
def make_copy(cohort: str) -> Response | str:
    """Show what a copy would be, or create it."""
    typed = typed_copy(request.form)
    creates = request.form.get("do") == "create"
    try:
        made = act("challenge_cohort_copy", id=cohort, dry_run=not creates, **typed)
    except tk.ValidationError as error:
        page = copy_page(cohort, typed, errors=flat_errors(error.error_dict))
        return tk.render("challenge/manage/copy.html", page)
    if not creates:
        return tk.render("challenge/manage/copy.html", copy_page(cohort, typed, made))
    tk.h.flash_success(tk._("The season is created, as a draft that only you see."))
    return tk.redirect_to("challenge_settings.edit", cohort=made["name"])


@settings.get("/<cohort>/delete")
def before_deleting(cohort: str) -> Response | str:
    """What deleting a draft does."""
    page = deletion_page(cohort)
    if page is None:
        tk.h.flash_error(tk._("A season that is public is not deleted here."))
        return tk.redirect_to("challenge_settings.edit", cohort=cohort)
    return tk.render("challenge/manage/confirm.html", page)


@settings.post("/<cohort>/delete")
def delete(cohort: str) -> Response | str:
    """Delete a draft that the page showed."""
    page = deletion_page(cohort)
    if page is None or request.form.get("do") != "confirm":
        return before_deleting(cohort)
    act("challenge_cohort_delete", id=page["cohort"]["id"])
    tk.h.flash_success(tk._("The season is deleted."))
    return tk.redirect_to("challenge_manage.index")

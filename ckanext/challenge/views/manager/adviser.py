"""The desk of those who accompany: who waits, for what, and who looks after whom."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.views.common import act, flash_refused, managers_blueprint
from ckanext.challenge.views.forms import flat_errors, texts
from ckanext.challenge.views.participant.accompaniment import flash_answered

from .accompaniment import KEPT, NOTHING_SENT, accompaniment_page, form_name

adviser = managers_blueprint("challenge_adviser")


def _render(cohort: str, sent: dict[str, Any] = NOTHING_SENT) -> str:
    return tk.render(
        "challenge/manage/accompaniment.html",
        accompaniment_page(cohort, request.args, sent),
    )


def _here(cohort: str) -> Response:
    kept = {key: value for key, value in request.args.items() if key in KEPT}
    return tk.redirect_to("challenge_adviser.read", cohort=cohort, **kept)


@adviser.get("/<cohort>/accompaniment")
def read(cohort: str) -> str:
    """The participants, those first to whom an answer is owed."""
    return _render(cohort)


@adviser.post("/<cohort>/accompaniment")
def answer(cohort: str) -> Response | str:
    """Confirm a step, or send it back with a word."""
    given = texts(request.form, "participant", "step", "updated_at")
    name = form_name(given.get("participant", ""), given.get("step", ""))
    reason = request.form.get(f"{name}-reason", "").strip()
    confirmed = request.form.get("confirmed") == "true"
    try:
        act("challenge_step_confirm", confirmed=confirmed, note=reason, **given)
    except tk.ValidationError as error:
        errors = flat_errors(error.error_dict)
        if not errors.keys() & {"note", "updated_at"}:
            # Somebody has answered meanwhile: the form is no longer there.
            flash_refused(error)
            return _here(cohort)
        return _render(cohort, {"form": name, "errors": errors, "reason": reason})
    flash_answered(confirmed)
    return _here(cohort)


@adviser.post("/<cohort>/accompaniment/assign")
def assign(cohort: str) -> Response:
    """A manager says who accompanies a participant."""
    try:
        act("challenge_participant_assign", **texts(request.form, "id", "adviser"))
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("Saved."))
    return _here(cohort)

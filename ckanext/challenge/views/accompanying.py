"""What is written on the page of a participant, beside its steps: words and visits."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from . import steps
from .accompaniment import MESSAGE, VISIT, VISIT_FIELDS, days
from .checklist import NOTHING_SENT
from .common import act, blueprint, participant_id
from .forms import flat_errors, texts

__all__ = ["accompanying"]

accompanying = blueprint("challenge_accompanying")


def _back(cohort: str, organization: str, anchor: str) -> Response:
    url = tk.h.url_for(
        "challenge_participant.read", cohort=cohort, organization=organization
    )
    return tk.redirect_to(f"{url}#{anchor}")


def _again(
    cohort: str,
    organization: str,
    form: str,
    error: tk.ValidationError,
    given: dict[str, str],
) -> str:
    """The page once more, with what was typed and what is wrong with it."""
    sent = {
        **NOTHING_SENT,
        "form": form,
        "errors": flat_errors(error.error_dict),
        "data": given,
    }
    return tk.render(
        "challenge/participant.html",
        steps.participant_page(cohort, organization, sent),
    )


@accompanying.post("/<cohort>/<organization>/message")
def message(cohort: str, organization: str) -> Response | str:
    """A member writes to the team, or the team to the members."""
    given = texts(request.form, "text")
    try:
        act(
            "challenge_participant_message_create",
            participant=participant_id(cohort, organization),
            **given,
        )
    except tk.ValidationError as error:
        return _again(cohort, organization, MESSAGE, error, given)
    tk.h.flash_success(tk._("Your message is sent."))
    return _back(cohort, organization, "conversation")


def _visit(form: str) -> dict[str, str]:
    """What was typed into a form of a visit, without the name of the form."""
    sent = texts(request.form, *(f"{form}-{name}" for name in VISIT_FIELDS))
    return {name.removeprefix(f"{form}-"): text for name, text in sent.items()}


def _tell(kept: dict[str, Any]) -> None:
    left = kept["days_left"]
    if left is not None and left < 0:
        tk.h.flash_notice(
            tk._(
                "The visit is noted. That is {days} more than the season grants: "
                "tell its managers."
            ).format(days=days(-left))
        )
    else:
        tk.h.flash_success(tk._("The visit is noted."))


@accompanying.post("/<cohort>/<organization>/visit")
def log_visit(cohort: str, organization: str) -> Response | str:
    """The adviser notes a visit."""
    given = _visit(VISIT)
    try:
        kept = act(
            "challenge_visit_create",
            participant=participant_id(cohort, organization),
            **given,
        )
    except tk.ValidationError as error:
        return _again(cohort, organization, VISIT, error, given)
    _tell(kept)
    return _back(cohort, organization, "visits")


@accompanying.post("/<cohort>/<organization>/visit/<id>")
def change_visit(cohort: str, organization: str, id: str) -> Response | str:
    """The adviser changes what was noted of a visit."""
    form = f"{VISIT}-{id}"
    given = _visit(form)
    try:
        kept = act("challenge_visit_update", id=id, **given)
    except tk.ValidationError as error:
        return _again(cohort, organization, form, error, given)
    _tell(kept)
    return _back(cohort, organization, "visits")


@accompanying.post("/<cohort>/<organization>/visit/<id>/delete")
def delete_visit(cohort: str, organization: str, id: str) -> Response:
    """The adviser takes a visit out of the list."""
    try:
        act("challenge_visit_delete", id=id)
    except tk.ValidationError as error:
        tk.h.flash_error("; ".join(map(str, error.error_summary.values())))
    else:
        tk.h.flash_success(tk._("The visit is taken out; its days are left again."))
    return _back(cohort, organization, "visits")

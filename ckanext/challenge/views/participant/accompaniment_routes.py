"""What is written on the page of a participant, beside its steps: words and visits."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.views import visit_words
from ckanext.challenge.views.common import act, blueprint, flash_refused, participant_id
from ckanext.challenge.views.forms import texts
from ckanext.challenge.views.visit_words import days

from . import page
from .accompaniment import MESSAGE, VISIT, VISIT_FIELDS
from .checklist import refused
from .reminder import PAUSE, PAUSE_FIELDS

accompanying = blueprint("challenge_accompanying")


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
        return page.render(cohort, organization, refused(MESSAGE, error, given))
    tk.h.flash_success(tk._("Your message is sent."))
    return page.back(cohort, organization, "conversation")


@accompanying.post("/<cohort>/<organization>/reminders")
def pause(cohort: str, organization: str) -> Response | str:
    """The adviser pauses the reminders, and says why."""
    sent = texts(request.form, *(f"{PAUSE}-{name}" for name in PAUSE_FIELDS))
    given = {name.removeprefix(f"{PAUSE}-"): text for name, text in sent.items()}
    try:
        act(
            "challenge_reminder_pause",
            participant=participant_id(cohort, organization),
            **given,
        )
    except tk.ValidationError as error:
        return page.render(cohort, organization, refused(PAUSE, error, given))
    tk.h.flash_success(tk._("The reminders are paused."))
    return page.back(cohort, organization, "reminders")


@accompanying.post("/<cohort>/<organization>/reminders/resume")
def resume(cohort: str, organization: str) -> Response:
    """The adviser ends the pause."""
    id_ = participant_id(cohort, organization)
    act("challenge_reminder_resume", participant=id_)
    tk.h.flash_success(tk._("The reminders go on."))
    return page.back(cohort, organization, "reminders")


def _visit(form: str) -> dict[str, str]:
    """What was typed into a form of a visit, without the name of the form."""
    sent = texts(request.form, *(f"{form}-{name}" for name in VISIT_FIELDS))
    return {name.removeprefix(f"{form}-"): text for name, text in sent.items()}


def _given(form: str) -> dict[str, str]:
    """The same, without what a new visit has nothing to say of."""
    return {name: text for name, text in _visit(form).items() if text}


def tell_of_clashes(kept: dict[str, Any]) -> None:
    """Say at what else its adviser is expected at the same time."""
    for other in kept["clashes"]:
        hour = visit_words.clock(other["starts_at"])
        when = f"{h.challenge_date(other['date'])} {hour}".strip()
        tk.h.flash_notice(
            tk._("At the same time: {organization}, {when}.").format(
                organization=other["organization_title"] or tk._("another season"),
                when=when,
            )
        )


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
    tell_of_clashes(kept)


@accompanying.post("/<cohort>/<organization>/visit")
def log_visit(cohort: str, organization: str) -> Response | str:
    """The adviser notes a visit."""
    given = _given(VISIT)
    try:
        kept = act(
            "challenge_visit_create",
            participant=participant_id(cohort, organization),
            **given,
        )
    except tk.ValidationError as error:
        return page.render(cohort, organization, refused(VISIT, error, given))
    _tell(kept)
    return page.back(cohort, organization, "visits")


@accompanying.post("/<cohort>/<organization>/visit/<id>")
def change_visit(cohort: str, organization: str, id: str) -> Response | str:
    """The adviser changes what was noted of a visit."""
    form = f"{VISIT}-{id}"
    given = _visit(form)
    try:
        kept = act("challenge_visit_update", id=id, **given)
    except tk.ValidationError as error:
        return page.render(cohort, organization, refused(form, error, given))
    _tell(kept)
    return page.back(cohort, organization, "visits")


@accompanying.post("/<cohort>/<organization>/visit/<id>/delete")
def delete_visit(cohort: str, organization: str, id: str) -> Response:
    """The adviser takes a visit out of the list."""
    try:
        act("challenge_visit_delete", id=id)
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("The visit is taken out; its days are left again."))
    return page.back(cohort, organization, "visits")

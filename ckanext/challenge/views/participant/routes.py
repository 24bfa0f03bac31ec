"""The pages of a participant: its checklist, and the forms of its members."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.views.common import (
    act,
    blueprint,
    context,
    flash_refused,
    keep_private,
    participant_id,
    participant_row,
    stored_file,
)
from ckanext.challenge.views.forms import texts

from . import checklist, members, page
from .accompaniment import flash_answered

participant = blueprint("challenge_participant")


@participant.get("/<cohort>/<organization>")
def read(cohort: str, organization: str) -> str:
    """Where a collectivité is; for its members, what to do next."""
    try:
        return page.render(cohort, organization)
    except tk.ObjectNotFound:
        # One that withdrew keeps its address, and its checklist for its own people.
        return page.render_left(cohort, organization)


@participant.post("/<cohort>/<organization>/step/<step>")
def update_step(cohort: str, organization: str, step: str) -> Response | str:
    """A member says where a step of theirs is."""
    form = request.form
    state = form.get("state", "")
    given = {
        name: form[f"{step}-{name}"].strip()
        for name in ("note", "planned_for", "evidence_url")
        if f"{step}-{name}" in form
    }
    # A day stands in the field until it is planned for.
    asked = {
        name: text
        for name, text in given.items()
        if name != "planned_for" or state == "planned"
    }
    id_ = participant_id(cohort, organization)
    file = _sent_file(step)
    try:
        act(
            "challenge_step_update",
            participant=id_,
            step=step,
            state=state,
            **texts(form, "updated_at"),
            **asked,
            **file,
        )
    except tk.ValidationError as error:
        if file.get("evidence_file") and "evidence_file" not in error.error_dict:
            # No browser fills in a file again.
            _keep_file(cohort, organization, step)
        data = {**given, "evidence_remove": f"{step}-evidence_remove" in form}
        sent = checklist.refused(checklist.STEP, error, data, step)
        return page.render(cohort, organization, sent)
    tk.h.flash_success(tk._("Your answer is saved."))
    return page.back(cohort, organization, f"step-{step}")


def _sent_file(step: str) -> dict[str, Any]:
    """The file of the form, if one was chosen, or that the stored one goes."""
    upload = request.files.get(f"{step}-evidence_file")
    if upload is not None and upload.filename:
        return {"evidence_file": upload}
    if f"{step}-evidence_remove" in request.form:
        return {"evidence_file": None}
    return {}


def _keep_file(cohort: str, organization: str, step: str) -> None:
    """Store the file of a form that was refused for another reason."""
    upload = request.files[f"{step}-evidence_file"]
    upload.stream.seek(0)
    progress = act("challenge_progress_show", organization=organization, cohort=cohort)
    states = {row["step"]: row["state"] for row in progress["steps"]}
    with suppress(tk.ValidationError):
        act(
            "challenge_step_update",
            participant=progress["participant_id"],
            step=step,
            state=states.get(step, "todo"),
            evidence_file=upload,
        )
        tk.h.flash_notice(tk._("Your file is kept; the rest is to be corrected."))


@participant.get("/<cohort>/<organization>/step/<step>/file")
def file(cohort: str, organization: str, step: str) -> Response:
    """The file that proves a step, to save and never to show."""
    row = act(
        "challenge_step_evidence_show",
        participant=participant_id(cohort, organization),
        step=step,
    )
    return keep_private(stored_file(row))


@participant.post("/<cohort>/<organization>/step/<step>/confirm")
def confirm_step(cohort: str, organization: str, step: str) -> Response | str:
    """The adviser confirms a step, or sends it back with a word."""
    note = request.form.get(f"{step}-confirm_note", "").strip()
    confirmed = request.form.get("confirmed") == "true"
    seen = texts(request.form, "updated_at")
    try:
        act(
            "challenge_step_confirm",
            participant=participant_id(cohort, organization),
            step=step,
            confirmed=confirmed,
            note=note,
            **seen,
        )
    except tk.ValidationError as error:
        sent = checklist.refused(checklist.CONFIRM, error, {"note": note}, step)
        return page.render(cohort, organization, sent)
    flash_answered(confirmed)
    return page.back(cohort, organization, f"step-{step}")


@participant.post("/<cohort>/<organization>/step/<step>/waive")
def waive_step(cohort: str, organization: str, step: str) -> Response | str:
    """A manager asks a step no more, and says why."""
    reason = request.form.get(f"{step}-reason", "").strip()
    try:
        act(
            "challenge_step_waive",
            participant=participant_id(cohort, organization),
            step=step,
            reason=reason,
        )
    except tk.ValidationError as error:
        sent = checklist.refused(checklist.WAIVE, error, {"reason": reason}, step)
        return page.render(cohort, organization, sent)
    tk.h.flash_success(tk._("This step is waived."))
    return page.back(cohort, organization, f"step-{step}")


@participant.post("/<cohort>/<organization>/step/<step>/unwaive")
def unwaive_step(cohort: str, organization: str, step: str) -> Response:
    """A manager asks a step again."""
    try:
        act(
            "challenge_step_unwaive",
            participant=participant_id(cohort, organization),
            step=step,
        )
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("This step is asked again."))
    return page.back(cohort, organization, f"step-{step}")


@participant.post("/<cohort>/<organization>/step/<step>/extend")
def extend_step(cohort: str, organization: str, step: str) -> Response | str:
    """A manager gives more time for a step, and says why."""
    given = {
        name: request.form.get(f"{step}-extend_{name}", "").strip()
        for name in ("due", "reason")
    }
    id_ = participant_id(cohort, organization)
    try:
        act("challenge_extension_create", participants=[id_], step=step, **given)
    except tk.ValidationError as error:
        sent = checklist.refused(checklist.EXTEND, error, given, step)
        return page.render(cohort, organization, sent)
    tk.h.flash_success(tk._("The new date is saved. The members are told by mail."))
    return page.back(cohort, organization, f"step-{step}")


@participant.post("/<cohort>/<organization>/step/<step>/unextend")
def unextend_step(cohort: str, organization: str, step: str) -> Response:
    """A manager takes a later day back."""
    id_ = participant_id(cohort, organization)
    tk.check_access("challenge_extension_create", context(), {"participants": [id_]})
    found = act("challenge_extension_list", participant=id_)
    try:
        for row in found["results"]:
            if row["step"] == step:
                act("challenge_extension_delete", id=row["id"])
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("The date of the season holds again."))
    return page.back(cohort, organization, f"step-{step}")


@participant.post("/<cohort>/<organization>/invite")
def invite(cohort: str, organization: str) -> Response | str:
    """An admin, or a manager of the season, lets somebody into the organization."""
    given = texts(request.form, "email", "role")
    # Only into one that takes part in this very season.
    participant_id(cohort, organization)
    try:
        made = act("challenge_member_invite", organization=organization, **given)
    except tk.ValidationError as error:
        sent = checklist.refused(members.FORM, error, given)
        return page.render(cohort, organization, sent)
    if made["invited"]:
        tk.h.flash_success(
            tk._("The invitation is on its way to {address}.").format(
                address=given["email"]
            )
        )
    elif made["waiting"]:
        tk.h.flash_success(
            tk._(
                "{address} has an account, “{name}”: it is a member once it opened the "
                "link that is mailed to this address."
            ).format(address=given["email"], name=made["user"])
        )
    else:
        tk.h.flash_success(
            tk._("{address} had an account, and is a member now.").format(
                address=given["email"]
            )
        )
    return page.back(cohort, organization, members.PLACE)


@participant.post("/<cohort>/<organization>/invitation/<id>/take-back")
def take_invitation_back(cohort: str, organization: str, id: str) -> Response:
    """Whoever may invite ends an invitation that nobody has followed yet."""
    participant_id(cohort, organization)
    try:
        made = act("challenge_invitation_delete", id=id)
    except tk.ObjectNotFound:
        # It was followed meanwhile, or taken back in another window.
        tk.h.flash_error(tk._("This invitation is no longer waiting."))
    else:
        tk.h.flash_success(
            tk._("The invitation of {address} is taken back.").format(
                address=made["email"]
            )
        )
    return page.back(cohort, organization, members.PLACE)


@participant.post("/<cohort>/<organization>/withdraw")
def withdraw(cohort: str, organization: str) -> Response | str:
    """A manager takes the participant out of the season, and says why."""
    given = {"reason": request.form.get("leaving-reason", "").strip()}
    id_ = participant_id(cohort, organization)
    try:
        left = act("challenge_participant_withdraw", id=id_, **given)
    except tk.ValidationError as error:
        sent = checklist.refused(members.LEAVING, error, given)
        return page.render(cohort, organization, sent)
    tk.h.flash_success(
        tk._("{organization} takes part no more.").format(
            organization=left["organization_title"]
        )
    )
    promoted, following = left["promoted"], left["next_in_line"]
    if promoted:
        tk.h.flash_success(
            tk._("{name} takes the place, from the waiting list.").format(
                name=promoted["organization_title"]
            )
        )
    elif following:
        tk.h.flash_notice(
            tk._("First on the waiting list: {name} ({reference}).").format(
                name=following["organization_title"], reference=following["reference"]
            )
        )
    return page.back(cohort, organization)


@participant.post("/<cohort>/<organization>/reinstate")
def reinstate(cohort: str, organization: str) -> Response:
    """A manager takes a participant that withdrew back in."""
    try:
        row = participant_row(cohort, organization, state="withdrawn")
    except tk.ObjectNotFound:
        # Somebody was faster: the action says in which state it is.
        row = participant_row(cohort, organization)
    try:
        act("challenge_participant_reinstate", id=row["id"])
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(
            tk._("{organization} takes part again.").format(
                organization=row["organization_title"]
            )
        )
    return page.back(cohort, organization)


@participant.post("/<cohort>/<organization>/kits")
def choose_kits(cohort: str, organization: str) -> Response:
    """A member says which data the collectivité means to open."""
    try:
        act(
            "challenge_participant_kits_update",
            participant=participant_id(cohort, organization),
            kits=request.form.getlist("kits"),
        )
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("Your choice is saved."))
    return page.back(cohort, organization, checklist.KITS)

"""The pages of a participant: its checklist, and the forms of its members."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from . import members, steps
from .common import act, blueprint, participant_id
from .forms import flat_errors, texts

__all__ = ["participant"]

participant = blueprint("challenge_participant")


def _render(
    cohort: str, organization: str, sent: dict[str, Any] = steps.NOTHING_SENT
) -> str:
    return tk.render(
        "challenge/participant.html",
        steps.participant_page(cohort, organization, sent),
    )


@participant.get("/<cohort>/<organization>")
def read(cohort: str, organization: str) -> str:
    """Where a collectivité is; for its members, what to do next."""
    return _render(cohort, organization)


def _back(cohort: str, organization: str, step: str = "") -> Response:
    url = tk.h.url_for(
        "challenge_participant.read", cohort=cohort, organization=organization
    )
    return tk.redirect_to(f"{url}#step-{step}" if step else url)


@participant.post("/<cohort>/<organization>/step/<step>")
def update_step(cohort: str, organization: str, step: str) -> Response | str:
    """A member says where a step of theirs is."""
    form = request.form
    given: dict[str, Any] = {"state": form.get("state", "")}
    for name in ("note", "planned_for", "evidence_url"):
        if f"{step}-{name}" in form:
            given[name] = form[f"{step}-{name}"].strip()
    if given["state"] != "planned":
        given.pop("planned_for", None)
    try:
        act(
            "challenge_step_update",
            participant=participant_id(cohort, organization),
            step=step,
            **given,
        )
    except tk.ValidationError as error:
        return _render(
            cohort,
            organization,
            {"step": step, "errors": flat_errors(error.error_dict), "data": given},
        )
    tk.h.flash_success(tk._("Your answer is saved."))
    return _back(cohort, organization, step)


@participant.post("/<cohort>/<organization>/step/<step>/confirm")
def confirm_step(cohort: str, organization: str, step: str) -> Response:
    """The adviser confirms a step, or sends it back with a word."""
    try:
        act(
            "challenge_step_confirm",
            participant=participant_id(cohort, organization),
            step=step,
            confirmed=request.form.get("confirmed") == "true",
            note=request.form.get(f"{step}-confirm_note", "").strip(),
        )
    except tk.ValidationError as error:
        tk.h.flash_error("; ".join(map(str, error.error_summary.values())))
    else:
        tk.h.flash_success(tk._("Your answer is saved."))
    return _back(cohort, organization, step)


@participant.post("/<cohort>/<organization>/invite")
def invite(cohort: str, organization: str) -> Response | str:
    """An admin, or a manager of the season, lets somebody into the organization."""
    given = texts(request.form, "email", "role")
    # Only into one that takes part in this very season.
    participant_id(cohort, organization)
    try:
        made = act("challenge_member_invite", organization=organization, **given)
    except tk.ValidationError as error:
        return _render(
            cohort,
            organization,
            {
                **steps.NOTHING_SENT,
                "form": members.FORM,
                "errors": flat_errors(error.error_dict),
                "data": given,
            },
        )
    if made["invited"]:
        tk.h.flash_success(
            tk._("The invitation is on its way to {address}.").format(
                address=given["email"]
            )
        )
    else:
        tk.h.flash_success(
            tk._("{address} had an account, and is a member now.").format(
                address=given["email"]
            )
        )
    return _back(cohort, organization)


@participant.post("/<cohort>/<organization>/withdraw")
def withdraw(cohort: str, organization: str) -> Response:
    """A manager takes the participant out of the season."""
    left = act(
        "challenge_participant_withdraw", id=participant_id(cohort, organization)
    )
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
    return _back(cohort, organization)


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
        tk.h.flash_error("; ".join(map(str, error.error_summary.values())))
    else:
        tk.h.flash_success(tk._("Your choice is saved."))
    return _back(cohort, organization, steps.KITS_STEP)

"""The page on which the admins of an organization say whom they let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.views.common import (
    act,
    blueprint,
    keep_private,
    may,
    only_for_people,
)
from ckanext.challenge.views.forms import flat_errors

claims = blueprint("challenge_claims")
claims.before_request(only_for_people)
claims.after_request(keep_private)


def _facts(claim: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = (
        (tk._("First and last name"), claim["contact_name"]),
        (tk._("Role in the collectivité"), claim["contact_role"]),
        (tk._("E-mail address"), claim["contact_email"]),
        (tk._("Account that would become an admin"), _account(claim)),
        (tk._("Account made on"), h.challenge_date(claim["since"])),
        (tk._("Season"), claim["cohort_title"]),
        (tk._("Asked by"), claim["asked_by"]),
        (tk._("Reference of the application"), claim["reference"]),
        (tk._("Asked on"), h.challenge_date(claim["asked_at"])),
    )
    return [(label, value) for label, value in facts if value]


def _account(claim: Mapping[str, Any]) -> str:
    """Who is let in: the contact is what somebody wrote, the account is who it was."""
    name, shown = claim["user_name"], claim["user_display_name"]
    return f"{shown} ({name})" if shown and shown != name else name or ""


def _title(claim: Mapping[str, Any]) -> str:
    if not claim["application_id"]:
        return tk._("Does {organization} take part in “{season}”?").format(
            organization=claim["organization_title"], season=claim["cohort_title"]
        )
    return tk._("{person} asks to join {organization}").format(
        person=claim["contact_name"] or tk._("Somebody"),
        organization=claim["organization_title"],
    )


def _said_yes(claim: Mapping[str, Any]) -> str:
    if not claim["application_id"]:
        return tk._("Your organization takes part in the season now.")
    if claim["waiting"]:
        return tk._(
            "This person is an admin once the account has opened the link that is "
            "mailed to this address."
        )
    return tk._("This person is an admin of the organization now.")


def _outcome(claim: Mapping[str, Any]) -> str:
    """What was answered, by whom and when; empty while nobody did."""
    if claim["state"] == "withdrawn":
        return tk._(
            "The collectivité no longer takes part. There is nothing to answer."
        )
    if claim["state"] == "asked":
        return ""
    texts = {
        "accepted": tk._("{who} said yes on {date}."),
        "declined": tk._("{who} said no on {date}."),
    }
    return texts[claim["state"]].format(
        who=claim["answered_by"] or tk._("Somebody"),
        date=h.challenge_date(claim["answered_at"]),
    )


def _page(
    id_: str, reason: str = "", errors: Mapping[str, list[str]] | None = None
) -> dict[str, Any]:
    claim = act("challenge_claim_show", id=id_)
    answers = may("challenge_claim_answer", id=id_)
    organization = tk.h.url_for("organization.read", id=claim["organization_name"])
    takes_part = claim["application_id"] or claim["state"] == "accepted"
    return {
        "claim": claim,
        "title": _title(claim),
        "facts": _facts(claim),
        "outcome": _outcome(claim),
        "says_yes": answers and lifecycle.CLAIM.allows(claim["state"], "accepted"),
        "says_no": answers and claim["state"] == "asked",
        "waits": claim["state"] == "asked" and not answers,
        "given": {"reason": reason},
        "errors": errors or {},
        "labels": {"reason": tk._("Why not?"), "accepted": tk._("Your answer")},
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": tk.h.url_for("challenge_claims.read", id=id_),
            "organization": organization,
            "participant": tk.h.url_for(
                "challenge_participant.read",
                cohort=claim["cohort"],
                organization=claim["organization_name"],
            )
            if takes_part
            else organization,
        },
    }


@claims.get("/claim/<id>")
def read(id: str) -> str:
    """Who asks, for which organization; nothing is answered by reading."""
    return tk.render("challenge/claim.html", _page(id))


@claims.post("/claim/<id>")
def answer(id: str) -> Response | str:
    """Yes, or no with a reason."""
    form = request.form
    accepted = form.get("accepted") == "true"
    reason = form.get("reason", "").strip()
    try:
        answered = act(
            "challenge_claim_answer",
            id=id,
            accepted=accepted,
            **({} if accepted else {"reason": reason}),
        )
    except tk.ValidationError as error:
        page = _page(id, reason, flat_errors(error.error_dict))
        return tk.render("challenge/claim.html", page)
    if accepted:
        tk.h.flash_success(_said_yes(answered))
    else:
        tk.h.flash_success(tk._("Your answer is sent to the team of the season."))
    return tk.redirect_to("challenge_claims.read", id=id)

"""Badges that the team gives by hand, and takes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.domain.elision import phrase
from ckanext.challenge.views.common import (
    act,
    context,
    managers_blueprint,
    may,
    participant_row,
)
from ckanext.challenge.views.forms import flat_errors, texts
from ckanext.challenge.views.participant_rows import cohort_url

awards = managers_blueprint("challenge_awards")


def _giving(
    cohort: str,
    organization: str,
    typed: Mapping[str, str],
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The form that gives a badge of a season to one of its participants.

    :raises tk.NotAuthorized: to whoever does not manage the season
    :raises tk.ObjectNotFound: when the organization takes no part in it
    """
    season = act("challenge_cohort_show", id=cohort, include_figures=False)
    tk.check_access("challenge_award_create", context(), {"cohort": season["id"]})
    row = participant_row(season["name"], organization)
    held = {
        award["badge"]
        for award in act(
            "challenge_award_list", organization=row["organization_id"], limit=1000
        )["results"]
        if award["cohort_id"] in (season["id"], None)
    }
    # Those that outlive the season are for sysadmins to give.
    every = may("challenge_award_create", cohort=None)
    badges = [
        (badge["badge"], badge["title"])
        for badge in act("challenge_badge_list", cohort=season["id"], limit=1000)[
            "results"
        ]
        if badge["badge"] not in held and (every or badge["scope"] == "cohort")
    ]
    title = row["organization_title"]
    place = f"{cohort_url(season['name'])}/{row['organization_name']}"
    return {
        "heading": phrase(tk._("Give a badge to {organization}"), organization=title),
        "crumbs": [(season["title"], cohort_url(season["name"])), (title, place)],
        "deeds": [
            tk._("Everybody sees the badge on the portal, with your reason."),
            tk._("Those who publish for this organization are told by mail."),
            tk._("Its page says that the team of the challenge gave it."),
        ],
        "badges": badges,
        "nothing": ""
        if badges
        else tk._("It holds all the badges that this season has."),
        "labels": {"badge": tk._("Badge"), "reason": tk._("Reason")},
        "help": tk._("What it did to earn the badge. Everybody reads it."),
        "typed": typed,
        "errors": errors or {},
        "button": tk._("Give this badge"),
        "back": place,
        "url": tk.h.url_for(
            "challenge_awards.give",
            cohort=season["name"],
            organization=row["organization_name"],
        ),
        "csrf": tk.h.csrf_input(),
    }


@awards.get("/<cohort>/award/<organization>")
def before_giving(cohort: str, organization: str) -> str:
    """The form that gives a badge."""
    return tk.render("challenge/manage/award.html", _giving(cohort, organization, {}))


@awards.post("/<cohort>/award/<organization>")
def give(cohort: str, organization: str) -> Response | str:
    """Give a badge."""
    typed = texts(request.form, "badge", "reason")
    page = _giving(cohort, organization, typed)
    try:
        made = act(
            "challenge_award_create",
            cohort=cohort,
            organization=organization,
            **{"badge": "", "reason": "", **typed},
        )
    except tk.ValidationError as error:
        page["errors"] = flat_errors(error.error_dict)
        return tk.render("challenge/manage/award.html", page)
    tk.h.flash_success(
        tk._("{organization} holds the badge “{badge}” now.").format(
            organization=made["organization_title"], badge=made["title"]
        )
    )
    return tk.redirect_to("challenge.award", award=made["id"])


def _taking_back(
    id_: str, typed: Mapping[str, str], errors: Mapping[str, list[str]] | None = None
) -> dict[str, Any]:
    """The form that takes a badge back.

    :raises tk.NotAuthorized: to whoever may not
    :raises tk.ObjectNotFound: when there is no such award
    """
    award = act("challenge_award_show", id=id_)
    tk.check_access("challenge_award_revoke", context(), {"id": award["id"]})
    place = tk.h.url_for("challenge.award", award=award["id"])
    names = {"badge": award["title"], "organization": award["organization_title"]}
    return {
        "heading": phrase(
            tk._("Take the badge “{badge}” of {organization} back"), **names
        ),
        "crumbs": [
            (tk._("{organization}: {badge}").format(**names), place),
        ],
        "deeds": [
            tk._("Its page stays, and says that it was withdrawn, when and why."),
            tk._("Whoever verifies a copy of it reads that it is revoked."),
            tk._("Those who publish for this organization are told by mail."),
            tk._("The catalogue does not give it again in this season; you can."),
        ],
        "badges": [],
        "nothing": tk._("This badge was withdrawn already.")
        if award["state"] == "revoked"
        else "",
        "labels": {"reason": tk._("Reason"), "id": award["title"]},
        "help": tk._("Everybody reads it."),
        "typed": typed,
        "errors": errors or {},
        "button": tk._("Take this badge back"),
        "back": place,
        "url": tk.h.url_for("challenge_awards.take_back", id=award["id"]),
        "csrf": tk.h.csrf_input(),
    }


@awards.get("/award/<id>/revoke")
def before_taking_back(id: str) -> str:
    """The form that takes a badge back."""
    return tk.render("challenge/manage/award.html", _taking_back(id, {}))


@awards.post("/award/<id>/revoke")
def take_back(id: str) -> Response | str:
    """Take a badge back."""
    typed = texts(request.form, "reason")
    try:
        act("challenge_award_revoke", id=id, reason=typed.get("reason", ""))
    except tk.ValidationError as error:
        page = _taking_back(id, typed, flat_errors(error.error_dict))
        return tk.render("challenge/manage/award.html", page)
    tk.h.flash_success(tk._("The badge is taken back."))
    return tk.redirect_to("challenge.award", award=id)

"""One's own place in the challenge: where people land who have signed in."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.common import roles, shield
from ckanext.challenge.domain.lifecycle import APPLICATION_UNANSWERED, COHORT_OVER
from ckanext.challenge.views.common import (
    act,
    blueprint,
    keep_private,
    only_for_people,
    publishes_for,
)

from .preparation.beginning import begun

home = blueprint("challenge_home", "/challenge/mine")
home.before_request(only_for_people)
home.after_request(keep_private)


@home.get("/begin")
def begin() -> Response:
    """Where a login leads: those who run a season to what waits for them.

    It is a step of CKAN's own login, which our tables do not keep anybody from: where
    they fail, CKAN's dashboard follows as without us.
    """
    try:
        is_on_team = roles.on_a_team(tk.current_user.id)
    except Exception as error:
        if not shield.gave_way(error, "where a login leads"):
            raise
        return tk.redirect_to("dashboard.datasets")
    if is_on_team:
        return tk.redirect_to("challenge_manage.index")
    return tk.redirect_to("challenge_home.own")


@home.get("")
def own() -> Response | str:
    """To the checklist of one's collectivité; a list of them where there are several.

    Somebody who only applied is led to the application, who only runs a season to what
    waits there, everybody else to what they began to prepare, or else to CKAN's own
    dashboard.
    """
    rows, applications = _participations(), _applications()
    current = [row for row in rows if row["cohort_state"] not in COHORT_OVER]
    waiting = [row for row in applications if row["state"] in APPLICATION_UNANSWERED]
    found = [*current, *waiting] or [*rows, *applications]
    if len(found) == 1:
        return tk.redirect_to(found[0]["url"])
    files = begun([row["name"] for row in publishes_for()])
    if not found and not files:
        if roles.on_a_team(tk.current_user.id):
            return tk.redirect_to("challenge_manage.index")
        return tk.redirect_to("dashboard.datasets")
    return tk.render(
        "challenge/mine.html",
        {
            "participations": rows,
            "applications": waiting,
            "begun": files,
            "urls": {"applications": tk.h.url_for("challenge_applicant.own")},
        },
    )


@home.get("/<cohort>/<organization>")
def enter(cohort: str, organization: str) -> Response:
    """To a checklist as its own people see it: mailed links lead here."""
    return tk.redirect_to(
        "challenge_participant.read", cohort=cohort, organization=organization
    )


def _participations() -> list[dict[str, Any]]:
    """Of the organizations that one is a member of, those under way first."""
    found = act("challenge_participant_list", mine=True, sort="name", limit=200)
    rows = [
        {
            **row,
            "url": tk.h.url_for(
                "challenge_participant.read",
                cohort=row["cohort"],
                organization=row["organization_name"],
            ),
            "words": h.challenge_steps(row["steps_done"], row["steps_total"]),
        }
        for row in found["results"]
    ]
    return sorted(rows, key=lambda row: row["cohort_state"] in COHORT_OVER)


def _applications() -> list[dict[str, Any]]:
    """One's applications, in whatever state."""
    found = act("challenge_application_list", limit=100)
    return [
        {**row, "url": tk.h.url_for("challenge_applicant.read", id=row["id"])}
        for row in found["results"]
    ]

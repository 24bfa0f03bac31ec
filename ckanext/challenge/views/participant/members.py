"""How people come into the organization of a participant, and how it leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications.labels import role_changes
from ckanext.challenge.domain.lifecycle import COHORT_ADMITTING, PARTICIPANT_COUNTED
from ckanext.challenge.views.common import act, may

#: The form, as what was sent names it when it comes back with errors.
FORM = "invite"
LEAVING = "leaving"
#: Where the page has the form.
PLACE = "members"


def _roles() -> list[tuple[str, str]]:
    return [
        ("editor", tk._("Editor: publishes data")),
        ("member", tk._("Member: answers the steps")),
        ("admin", tk._("Admin: manages the members")),
    ]


def invitation(
    participant: Mapping[str, Any],
    url: str,
    roles: Collection[str],
    sent: Mapping[str, Any],
) -> dict[str, Any] | None:
    """What the page of a participant shows to those who may let people in.

    :param url: of that page
    :param roles: of ``challenge_progress_show``
    :param sent: the form that was just refused, its errors and what was typed
    :returns: nothing for everybody else, and of one that left
    """
    organization = participant["organization_id"]
    if participant["state"] not in PARTICIPANT_COUNTED:
        return None
    if not {"admin", "manager"} & set(roles):
        return None
    if not may("challenge_member_invite", organization=organization):
        return None
    name = participant["organization_name"]
    asked: list[dict[str, Any]] = []
    manages = "admin" in roles or may("challenge_claim_list", organization=organization)
    if manages:
        asked = act("challenge_claim_list", organization=organization, state="asked")[
            "results"
        ]
    mine = sent.get("form") == FORM
    return {
        "url": f"{url}/invite#members",
        "asked": [
            {
                "text": tk._("{person} asks to join you").format(
                    person=claim["contact_name"] or tk._("Somebody")
                ),
                "url": tk.h.url_for("challenge_claims.read", id=claim["id"]),
            }
            for claim in asked
            if claim["application_id"]
        ],
        "pending": [
            {
                "text": tk._("{address}, invited on {date}").format(
                    address=row["email"], date=h.challenge_date(row["invited_at"])
                ),
                "address": row["email"],
                "url": f"{url}/invitation/{row['id']}/take-back#members",
            }
            for row in act("challenge_invitation_list", organization=organization)[
                "results"
            ]
        ],
        "members": tk.h.url_for("organization.members", id=name) if manages else "",
        "listed": f"{url}/roles",
        "roles": _roles(),
        "labels": {
            "email": tk._("E-mail address"),
            "role": tk._("Role in the organization"),
        },
        "given": sent["data"] if mine else {"role": "editor"},
        "errors": sent["errors"] if mine else {},
    }


def departure(
    participant: Mapping[str, Any],
    cohort: Mapping[str, Any],
    url: str,
    roles: Collection[str],
    sent: Mapping[str, Any],
) -> dict[str, Any] | None:
    """How the managers of the season take a participant out of it.

    :param url: of its page
    :param roles: of ``challenge_progress_show``
    :param sent: the form that was just refused, its errors and what was typed
    :returns: nothing for everybody else, and for one that left
    """
    if participant["state"] != "active" or "manager" not in roles:
        return None
    mine = sent.get("form") == LEAVING
    return {
        "url": f"{url}/withdraw",
        "label": tk._("Why does it leave?"),
        "given": sent["data"] if mine else {},
        "errors": sent["errors"] if mine else {},
        "ending": _changes(participant),
        "following": tk._("The first on the waiting list takes its place.")
        if cohort.get("automatic_promotion")
        else tk._("We then show you who is first on the waiting list."),
    }


def _changes(participant: Mapping[str, Any]) -> dict[str, Any]:
    """Who loses a role with its departure; of one that left, who gets one back."""
    return role_changes(act("challenge_role_changes", participant=participant["id"]))


def since(participant: Mapping[str, Any]) -> str:
    """What is said of a participant that withdrew, and to everybody."""
    organization = participant["organization_title"]
    if not participant["withdrawn_at"]:
        # It left before the day was noted.
        return tk._("{organization} has withdrawn from the season.").format(
            organization=organization
        )
    return tk._("{organization} withdrew from the season on {date}.").format(
        organization=organization, date=h.challenge_date(participant["withdrawn_at"])
    )


def left(
    participant: Mapping[str, Any],
    cohort: Mapping[str, Any],
    url: str,
    roles: Collection[str],
) -> dict[str, Any] | None:
    """What the members and the team read of a participant that withdrew.

    :param url: of its page
    :param roles: of ``challenge_progress_show``
    :returns: nothing for one that takes part
    """
    if participant["state"] in PARTICIPANT_COUNTED:
        return None
    again = "manager" in roles and cohort["state"] in COHORT_ADMITTING
    return {
        "text": since(participant),
        "reason": participant.get("withdrawn_reason") or "",
        "url": f"{url}/reinstate" if again else "",
        "coming": _changes(participant)["lines"] if again else [],
    }

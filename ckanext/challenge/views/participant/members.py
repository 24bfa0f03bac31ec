"""How people come into the organization of a participant, and how it leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.views.common import act, may

#: The form, as what was sent names it when it comes back with errors.
FORM = "invite"


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
    :returns: nothing for everybody else
    """
    organization = participant["organization_id"]
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
        ],
        "members": tk.h.url_for("organization.members", id=name) if manages else "",
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
) -> dict[str, str] | None:
    """How the managers of the season take a participant out of it.

    :param url: of its page
    :param roles: of ``challenge_progress_show``
    :returns: nothing for everybody else, and for one that left
    """
    if participant["state"] != "active" or "manager" not in roles:
        return None
    return {
        "url": f"{url}/withdraw",
        "following": tk._("The first on the waiting list takes its place.")
        if cohort.get("automatic_promotion")
        else tk._("We then show you who is first on the waiting list."),
    }

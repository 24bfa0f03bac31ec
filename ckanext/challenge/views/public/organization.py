"""The tab that the pages of organizations in CKAN get."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.views.badge_rows import badge_rows
from ckanext.challenge.views.common import act, blueprint, shown_organization
from ckanext.challenge.views.participant.doors import Doors

organization = blueprint("challenge_organization", "/organization")


@organization.get("/challenge/<id>")
def read(id: str) -> str:
    """The seasons and badges of an organization."""
    group = shown_organization(id)
    following = False
    if tk.current_user.is_authenticated:
        following = act("am_following_group", id=group["id"])
    mine = h.challenge_organization_progress(group["id"])
    rows = badge_rows(
        mine["standing"]["badges"], Doors(group["id"]), bool(group["package_count"])
    )
    europe = None
    if mine["member"]:
        europe = act("challenge_mqa_show", organization=group["id"])
    # What one at risk lacks stands with it.
    why = {row["url"]: row["why"] for row in rows if row["earned"]}
    awards = [{**award, "why": why.get(award["url"], [])} for award in mine["awards"]]
    return tk.render(
        "challenge/organization.html",
        {
            "group_dict": group,
            "group_type": group["type"],
            "am_following": following,
            "mine": {**mine, "awards": awards},
            "europe": europe if europe and europe["datasets"] else None,
            "badges": [row for row in rows if not row["earned"]],
        },
    )

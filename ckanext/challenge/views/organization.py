"""The tab that the pages of organizations in CKAN get."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from .. import helpers as h
from .common import act, blueprint

__all__ = ["organization"]

organization = blueprint("challenge_organization", "/organization")


@organization.get("/challenge/<id>")
def read(id: str) -> str:
    """The seasons and badges of an organization."""
    group = act("organization_show", id=id, include_datasets=False)
    following = False
    if tk.current_user.is_authenticated:
        following = act("am_following_group", id=group["id"])
    return tk.render(
        "challenge/organization.html",
        {
            "group_dict": group,
            "group_type": group["type"],
            "am_following": following,
            "mine": h.challenge_organization_progress(group["id"]),
        },
    )

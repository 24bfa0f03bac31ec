"""Who runs a season."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.views.common import act, may

from .layout import settings_page


def staff_page(
    name: str,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The managers and advisers of a season, and a form to name others.

    :param typed: what was typed, when it was refused
    :param errors: of that, by field
    """
    page = settings_page(name, "staff", "challenge_staff_create")
    cohort = page["cohort"]
    roles = {"manager": tk._("Manager"), "adviser": tk._("Adviser")}
    allowed = [
        (role, text)
        for role, text in roles.items()
        if may("challenge_staff_create", cohort=cohort["id"], role=role)
    ]
    team = act("challenge_staff_list", cohort=cohort["id"], limit=1000)
    people = [
        *team["results"],
        *({**one, "waits": True} for one in team["waiting"]),
    ]
    return {
        **page,
        "heading": tk._("Team"),
        "people": [
            {
                **one,
                "role_text": roles[one["role"]],
                "since": h.challenge_date(one["since"]),
                "delete_url": f"{page['urls']['self']}/{one['id']}/delete"
                if one["role"] in dict(allowed)
                else "",
            }
            for one in sorted(people, key=lambda one: one["role"] != "manager")
        ],
        "roles": allowed,
        "typed": {"role": "adviser", **(typed or {})},
        "errors": errors or {},
        "labels": {
            "user": tk._("Name of the account, or e-mail address"),
            "role": tk._("Role on the team"),
        },
    }

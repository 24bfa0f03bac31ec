"""The roles that the challenge gave in an organization, for its admins and managers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications.labels import role_text, ways
from ckanext.challenge.views.common import (
    act,
    blueprint,
    keep_private,
    only_for_people,
    participant_row,
)

given_roles = blueprint("challenge_given_roles")
given_roles.before_request(only_for_people)
given_roles.after_request(keep_private)

_MOST = 1000


@given_roles.get("/<cohort>/<organization>/roles")
def read(cohort: str, organization: str) -> str:
    """Who has a role by the challenge, who had one, and whose role waits."""
    try:
        participant = participant_row(cohort, organization)
    except tk.ObjectNotFound:
        # What was given for it, and taken back, is to be read all the same.
        participant = participant_row(cohort, organization, state="withdrawn")
    asked = {"cohort": cohort, "organization": participant["organization_id"]}
    given = act("challenge_given_role_list", **asked, limit=_MOST)["results"]
    waiting = act("challenge_waiting_role_list", **asked)["results"]
    return tk.render(
        "challenge/roles.html",
        {
            "participant": participant,
            "rows": [*map(_waiting, waiting), *map(_given, given)],
            "urls": {
                "self": tk.h.url_for(
                    "challenge_given_roles.read",
                    cohort=cohort,
                    organization=organization,
                ),
                "participant": tk.h.url_for(
                    "challenge_participant.read",
                    cohort=cohort,
                    organization=organization,
                ),
            },
        },
    )


def _row(row: Mapping[str, Any], moment: str, state: str) -> dict[str, str]:
    return {
        "name": row["user_display_name"],
        "account": row["user_name"],
        "role": role_text(row),
        "way": ways()[row["way"]],
        "date": h.challenge_date(moment),
        "giver": row.get("given_by") or "",
        "state": state,
    }


def _given(row: Mapping[str, Any]) -> dict[str, str]:
    ended = row["taken_back_at"]
    state = tk._("Given")
    if ended:
        state = tk._("Taken back on {date}").format(date=h.challenge_date(ended))
    return _row(row, row["given_at"], state)


def _waiting(row: Mapping[str, Any]) -> dict[str, str]:
    return _row(row, row["asked_at"], tk._("Waits for the proof of the address"))

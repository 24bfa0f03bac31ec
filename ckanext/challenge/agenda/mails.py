"""The weekly mail to those who run seasons."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import proofs, roles
from ckanext.challenge.domain import agenda as rules
from ckanext.challenge.domain.text import N_
from ckanext.challenge.notifications.kinds import MailKind, Occasion

from . import digest, labels
from .week import Week

#: How many names the mail has of each list; the page has the others.
_NAMED = 5


def _digest(occasion: Occasion) -> dict[str, Any] | None:
    """What waits for its reader when it goes; nothing where that is nothing."""
    user = occasion.user
    if user is None or digest.weekday_of(user.id) is None:
        return None
    # What it tells is not for an address that its account has yet to prove.
    if not roles.on_a_team(user.id) or proofs.is_waited_for(user.id, user.email or ""):
        return None
    week = Week(user)
    waiting = week.waiting(mine=True, kind=None, limit=_NAMED)
    stalled = week.stalled(_NAMED)
    silent = week.without_reply(_NAMED)
    planned = week.planned(rules.DAYS, 3 * _NAMED)
    moved = week.moved(rules.DAYS, _NAMED)
    if not any(
        (waiting["results"], stalled["count"], silent["count"], planned, moved["count"])
    ):
        return None
    words = labels.kinds()
    return {
        "total": sum(waiting["mine"].values()),
        "groups": [
            (words[kind], waiting["mine"][kind], _names(waiting["results"], kind))
            for kind in rules.KINDS
            if waiting["mine"].get(kind)
        ],
        "planned": [
            (tk.h.challenge_date(row["date"], "EEEE d MMMM"), labels.planned(row))
            for row in planned
        ],
        "stalled": (stalled["count"], _titles(stalled["results"])),
        "without_reply": (silent["count"], _titles(silent["results"])),
        "moved": [labels.moved(row) for row in moved["results"]],
        "more": moved["count"] - len(moved["results"]),
        "link": tk.h.url_for("challenge_manage.index", _external=True),
        "unsubscribe": tk.h.url_for(
            "challenge_digest.end", key=digest.end_key(user.id), _external=True
        ),
    }


def _names(rows: list[dict[str, Any]], kind: str) -> str:
    return _titles([row for row in rows if row["kind"] == kind])


def _titles(rows: list[dict[str, Any]]) -> str:
    """The collectivités of some rows, each once."""
    found = (row["organization_title"] for row in rows if row["organization_title"])
    return ", ".join(dict.fromkeys(found))


KINDS = (MailKind("digest", N_("Weekly mail to the team"), _digest, "user"),)

"""The mails about preparations."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.domain.lifecycle import PREPARATION_READ
from ckanext.challenge.domain.text import N_
from ckanext.challenge.model import Preparation
from ckanext.challenge.notifications.kinds import MailKind, Occasion

from . import kits


def _waits(occasion: Occasion) -> dict[str, Any] | None:
    row = Preparation.get(occasion.data.get("preparation_id"))
    # It was published or erased before the mail went.
    if row is None or row.state not in PREPARATION_READ:
        return None
    group = model.Group.get(row.organization_id)
    return {
        "organization": group.title or group.name if group else "",
        "kit": kits.title_of(row.kit),
        "date": tk.h.challenge_date(row.expires_at),
        "link": tk.h.url_for("challenge_preparation.read", id=row.id, _external=True),
    }


KINDS = (
    MailKind(
        "preparation_waits", N_("Reminder of a file that was begun"), _waits, "user"
    ),
)

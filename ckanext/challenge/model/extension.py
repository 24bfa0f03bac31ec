"""Later days for steps, each given to one participant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped

from .arrays import array
from .base import id_column, key_column, time_column, utcnow


class Extension(tk.BaseModel):
    """A later day for a step of a participant, and why; one for each step.

    The day that holds follows from it and from the season's own
    (:func:`ckanext.challenge.domain.progress.extended`).
    """

    __table__ = sa.Table(
        "challenge_extension",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "participant_id", "challenge_participant.id", needed=True, with_it=True
        ),
        sa.Column("step", sa.UnicodeText, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        # Its members read it, and the team.
        sa.Column("reason", sa.UnicodeText),
        key_column("created_by", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        sa.UniqueConstraint("participant_id", "step", name="challenge_extension_once"),
    )

    id: Mapped[str]
    participant_id: Mapped[str]
    step: Mapped[str]
    due: Mapped[dt.date]
    reason: Mapped[str | None]
    created_by: Mapped[str | None]
    created_at: Mapped[dt.datetime]


def later_days(participant_ids: Collection[str]) -> dict[str, dict[str, dt.date]]:
    """The later days that participants were given, by the keys of the steps.

    :returns: by the ids of participants; nothing for those who were given none
    """
    ids = sa.cast(sa.literal(array(participant_ids)), sa.ARRAY(sa.UnicodeText))
    rows = model.Session.execute(
        sa.select(Extension.participant_id, Extension.step, Extension.due).where(
            Extension.participant_id == sa.any_(ids)
        )
    )
    found: dict[str, dict[str, dt.date]] = {}
    for participant_id, step, due in rows:
        found.setdefault(participant_id, {})[step] = due
    return found

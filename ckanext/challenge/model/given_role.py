"""The roles in organizations that somebody was given through the challenge."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import id_column, key_column, time_column, utcnow


class GivenRole(tk.BaseModel):
    """A role in an organization that the challenge gave, until it is taken back.

    ``way`` is ``acceptance``, ``claim``, ``invitation`` or ``own_invitation`` (by the
    organization's own admins: it ends with no participation); ``role`` and ``former``
    (what the account was there before, if anything) are ``member``, ``editor`` or
    ``admin``.
    """

    __table__ = sa.Table(
        "challenge_given_role",
        tk.BaseModel.metadata,
        id_column(),
        key_column("organization_id", "group.id", needed=True, with_it=True),
        key_column("user_id", "user.id", needed=True, with_it=True),
        # The participation for which it was given; none where there was none.
        key_column("participant_id", "challenge_participant.id"),
        # Whose contact it was given to, if it was an applicant.
        key_column("application_id", "challenge_application.id"),
        sa.Column("role", sa.UnicodeText, nullable=False),
        sa.Column("former", sa.UnicodeText),
        sa.Column("way", sa.UnicodeText, nullable=False),
        key_column("given_by", "user.id"),
        time_column("given_at", nullable=False, default=utcnow),
        time_column("taken_back_at"),
        sa.Index("challenge_given_role_organization_idx", "organization_id", "user_id"),
        sa.Index("challenge_given_role_participant_idx", "participant_id"),
        sa.Index("challenge_given_role_application_idx", "application_id"),
    )

    id: Mapped[str]
    organization_id: Mapped[str]
    user_id: Mapped[str]
    participant_id: Mapped[str | None]
    application_id: Mapped[str | None]
    role: Mapped[str]
    former: Mapped[str | None]
    way: Mapped[str]
    given_by: Mapped[str | None]
    given_at: Mapped[dt.datetime]
    taken_back_at: Mapped[dt.datetime | None]

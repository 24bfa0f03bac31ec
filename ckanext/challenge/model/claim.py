"""Claims: an accepted applicant asks to join the organization of the same SIREN."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import id_column, key_column, time_column, utcnow


class Claim(tk.BaseModel):
    """What the admins of an organization are asked: may this person become one too?

    ``state`` is ``asked``, ``accepted``, ``declined`` (then with a reason) or
    ``withdrawn``, once the collectivité takes part no more.
    """

    __table__ = sa.Table(
        "challenge_claim",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "application_id", "challenge_application.id", needed=True, with_it=True
        ),
        key_column("organization_id", "group.id", needed=True, with_it=True),
        # Who would become admin of it.
        key_column("user_id", "user.id", needed=True, with_it=True),
        sa.Column("state", sa.UnicodeText, nullable=False, default="asked"),
        sa.Column("reason", sa.UnicodeText),
        time_column("asked_at", nullable=False, default=utcnow),
        time_column("answered_at"),
        key_column("answered_by", "user.id"),
        sa.UniqueConstraint("application_id", name="challenge_claim_once"),
        sa.Index("challenge_claim_organization_idx", "organization_id"),
    )

    id: Mapped[str]
    application_id: Mapped[str]
    organization_id: Mapped[str]
    user_id: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    asked_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    answered_by: Mapped[str | None]

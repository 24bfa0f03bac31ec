"""Claims: what the admins of an organization are asked, and nobody decides for them."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import id_column, key_column, time_column, utcnow


class Claim(tk.BaseModel):
    """What the admins of an organization are asked.

    With ``application_id``: may this person, who applied for it, become one of them?
    With ``cohort_id``: does the organization take part in this season?

    ``state`` is ``asked``, ``accepted``, ``declined`` (then with a reason) or
    ``withdrawn``, once the collectivité takes part no more.
    """

    __table__ = sa.Table(
        "challenge_claim",
        tk.BaseModel.metadata,
        id_column(),
        key_column("application_id", "challenge_application.id", with_it=True),
        key_column("cohort_id", "challenge_cohort.id", with_it=True),
        key_column("organization_id", "group.id", needed=True, with_it=True),
        # Who would become admin of it.
        key_column("user_id", "user.id", with_it=True),
        # Who asks for a season.
        key_column("asked_by", "user.id"),
        sa.Column("state", sa.UnicodeText, nullable=False, default="asked"),
        sa.Column("reason", sa.UnicodeText),
        time_column("asked_at", nullable=False, default=utcnow),
        time_column("answered_at"),
        key_column("answered_by", "user.id"),
        sa.UniqueConstraint("application_id", name="challenge_claim_once"),
        sa.UniqueConstraint(
            "cohort_id", "organization_id", name="challenge_claim_cohort_once"
        ),
        sa.Index("challenge_claim_organization_idx", "organization_id"),
    )

    id: Mapped[str]
    application_id: Mapped[str | None]
    cohort_id: Mapped[str | None]
    organization_id: Mapped[str]
    user_id: Mapped[str | None]
    asked_by: Mapped[str | None]
    state: Mapped[str]
    reason: Mapped[str | None]
    asked_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    answered_by: Mapped[str | None]

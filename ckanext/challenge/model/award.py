"""Awards: a badge given to an organization."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class Award(tk.BaseModel):
    """A badge that an organization earned, with what was met when it did.

    ``state`` is ``active``, ``at_risk`` (a maintained badge whose criteria no
    longer hold; lost on ``lost_on``) or ``revoked``. ``source`` is ``catalog`` or
    ``person``. ``criteria`` is the snapshot of what was met and with which
    datasets.
    """

    __table__ = sa.Table(
        "challenge_award",
        tk.BaseModel.metadata,
        id_column(),
        sa.Column("badge", sa.UnicodeText, nullable=False),
        sa.Column("programme", sa.UnicodeText, nullable=False),
        sa.Column("programme_version", sa.Integer, nullable=False),
        sa.Column("level", sa.Integer),
        key_column("organization_id", "group.id", needed=True, with_it=True),
        key_column("cohort_id", "challenge_cohort.id", with_it=True),
        time_column("awarded_at", nullable=False, default=utcnow),
        key_column("awarded_by", "user.id"),
        sa.Column("source", sa.UnicodeText, nullable=False),
        sa.Column("reason", sa.UnicodeText),
        json_column("criteria", dict),
        sa.Column("state", sa.UnicodeText, nullable=False, default="active"),
        sa.Column("lost_on", sa.Date),
        time_column("revoked_at"),
        sa.Column("revoked_reason", sa.UnicodeText),
        # Like ``source``. What a person took back, the catalogue does not give again.
        sa.Column("revoked_source", sa.UnicodeText),
        sa.Index("challenge_award_organization_id_idx", "organization_id"),
        sa.Index("challenge_award_cohort_id_idx", "cohort_id"),
    )

    id: Mapped[str]
    badge: Mapped[str]
    programme: Mapped[str]
    programme_version: Mapped[int]
    level: Mapped[int | None]
    organization_id: Mapped[str]
    cohort_id: Mapped[str | None]
    awarded_at: Mapped[dt.datetime]
    awarded_by: Mapped[str | None]
    source: Mapped[str]
    reason: Mapped[str | None]
    criteria: Mapped[dict[str, Any]]
    state: Mapped[str]
    lost_on: Mapped[dt.date | None]
    revoked_at: Mapped[dt.datetime | None]
    revoked_reason: Mapped[str | None]
    revoked_source: Mapped[str | None]

    @classmethod
    def get(cls, id_: str | None) -> Award | None:
        """The award with that id."""
        return model.Session.get(cls, id_) if id_ else None


# One award that is not revoked per badge, organization and cohort, whatever runs
# at the same time. PostgreSQL takes two nulls for different, hence the coalesce.
sa.Index(
    "challenge_award_live_idx",
    Award.__table__.c.badge,
    Award.__table__.c.organization_id,
    sa.func.coalesce(Award.__table__.c.cohort_id, sa.text("''")),
    unique=True,
    postgresql_where=sa.text("state <> 'revoked'"),
)

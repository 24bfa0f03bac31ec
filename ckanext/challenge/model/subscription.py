"""Subscriptions: who wants to be told by mail of badges, or of new data."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped

from .base import id_column, key_column, time_column, utcnow


class Subscription(tk.BaseModel):
    """An address that is told of a badge, a season, an organization or a territory.

    Exactly one of ``badge`` (a key), ``cohort_id``, ``organization_id`` and
    ``territory`` is there. A territory is ``departement:`` with a code, or ``epci:`` or
    ``collectivite:`` with a SIREN: of it, the data are told that were opened after
    ``told_until``. Nothing is sent to an address before it is ``confirmed_at``.
    """

    __table__ = sa.Table(
        "challenge_subscription",
        tk.BaseModel.metadata,
        id_column(),
        sa.Column("email", sa.UnicodeText, nullable=False),
        sa.Column("language", sa.UnicodeText, nullable=False),
        sa.Column("badge", sa.UnicodeText),
        key_column("cohort_id", "challenge_cohort.id", with_it=True),
        key_column("organization_id", "group.id", with_it=True),
        sa.Column("territory", sa.UnicodeText),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("confirmed_at"),
        time_column("told_until"),
        sa.CheckConstraint(
            "num_nonnulls(badge, cohort_id, organization_id, territory) = 1",
            name="challenge_subscription_object",
        ),
        sa.Index("challenge_subscription_badge_idx", "badge"),
        sa.Index("challenge_subscription_cohort_idx", "cohort_id"),
        sa.Index("challenge_subscription_organization_idx", "organization_id"),
    )

    id: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    badge: Mapped[str | None]
    cohort_id: Mapped[str | None]
    organization_id: Mapped[str | None]
    territory: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    told_until: Mapped[dt.datetime | None]

    @classmethod
    def get(cls, id_: str | None) -> Subscription | None:
        """The subscription with that id."""
        return model.Session.get(cls, id_) if id_ else None


# Asking twice is asking once, however the address is written.
sa.Index(
    "challenge_subscription_once_idx",
    sa.func.lower(Subscription.__table__.c.email),
    sa.func.coalesce(
        Subscription.__table__.c.badge,
        Subscription.__table__.c.cohort_id,
        Subscription.__table__.c.organization_id,
        Subscription.__table__.c.territory,
    ),
    unique=True,
)

"""Which collectivité an organization was said to be."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import key_column, time_column, utcnow


class Match(tk.BaseModel):
    """What somebody decided about an organization that had no SIREN.

    ``siren`` is that of its collectivité; null says that it is none of the directory,
    and is proposed no more.
    """

    __table__ = sa.Table(
        "challenge_match",
        tk.BaseModel.metadata,
        sa.Column(
            "organization_id",
            sa.UnicodeText,
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("siren", sa.UnicodeText),
        key_column("decided_by", "user.id"),
        time_column("decided_at", nullable=False, default=utcnow),
    )

    organization_id: Mapped[str]
    siren: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[dt.datetime]

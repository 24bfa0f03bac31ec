"""When somebody of a team gets the weekly mail."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped


class Digest(tk.BaseModel):
    """The day that somebody chose for the weekly mail, and up to which it was sent.

    Who has no row gets it on Mondays. ``weekday`` is 0 (Monday) to 6, or null for
    somebody who ended it; nothing is due of days up to ``settled_until``.
    """

    __table__ = sa.Table(
        "challenge_digest",
        tk.BaseModel.metadata,
        sa.Column(
            "user_id",
            sa.UnicodeText,
            sa.ForeignKey("user.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("weekday", sa.Integer),
        sa.Column("settled_until", sa.Date, nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="challenge_digest_weekday"),
    )

    user_id: Mapped[str]
    weekday: Mapped[int | None]
    settled_until: Mapped[dt.date]

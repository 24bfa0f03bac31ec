"""Ways to look at a season's participants that somebody of its team keeps."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class SavedView(tk.BaseModel):
    """Filters, columns and an order under a title; its owner's, or the whole team's.

    ``query`` is what the address of the board says: by name, texts.
    """

    __table__ = sa.Table(
        "challenge_saved_view",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        key_column("user_id", "user.id", needed=True, with_it=True),
        sa.Column("title", sa.UnicodeText, nullable=False),
        json_column("query", dict),
        sa.Column("shared", sa.Boolean, nullable=False, default=False),
        time_column("created_at", nullable=False, default=utcnow),
        sa.UniqueConstraint(
            "cohort_id", "user_id", "title", name="challenge_saved_view_once"
        ),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    user_id: Mapped[str]
    title: Mapped[str]
    query: Mapped[dict[str, str]]
    shared: Mapped[bool]
    created_at: Mapped[dt.datetime]

    @classmethod
    def get(cls, id_: str | None) -> SavedView | None:
        """The view with that id."""
        return model.Session.get(cls, id_) if id_ else None

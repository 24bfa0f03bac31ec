"""What readers of an application gave for each criterion of its season."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class Score(tk.BaseModel):
    """What one reader thinks of one application, or that this reader must not say.

    ``scores`` has a whole number by the key of the criterion; it is empty where
    ``conflict`` says that the reader has an interest in the application. ``comment``
    is for the other readers: why, in either case.
    """

    __table__ = sa.Table(
        "challenge_score",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "application_id", "challenge_application.id", needed=True, with_it=True
        ),
        key_column("reader_id", "user.id"),
        json_column("scores", dict),
        sa.Column("comment", sa.UnicodeText),
        sa.Column(
            "conflict",
            sa.Boolean,
            nullable=False,
            default=False,
            server_default=sa.false(),
        ),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        sa.UniqueConstraint("application_id", "reader_id", name="challenge_score_once"),
        sa.Index("challenge_score_reader_id_idx", "reader_id"),
    )

    id: Mapped[str]
    application_id: Mapped[str]
    reader_id: Mapped[str | None]
    scores: Mapped[dict[str, int]]
    comment: Mapped[str | None]
    conflict: Mapped[bool]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]

    @classmethod
    def of(cls, application_id: str, reader_id: str | None) -> Score | None:
        """What a reader gave for an application, if anything."""
        if reader_id is None:
            return None
        return (
            model.Session.query(cls)
            .filter_by(application_id=application_id, reader_id=reader_id)
            .first()
        )

"""How a participant is accompanied: visits, conversation, its final feedback."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class Visit(tk.BaseModel):
    """Some time that an adviser spent with a participant.

    ``days`` is a multiple of a half; ``notes`` are for the staff alone.
    """

    __table__ = sa.Table(
        "challenge_visit",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "participant_id", "challenge_participant.id", needed=True, with_it=True
        ),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("days", sa.Numeric(4, 1), nullable=False),
        sa.Column("topic", sa.UnicodeText, nullable=False),
        sa.Column("notes", sa.UnicodeText),
        key_column("adviser_id", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        sa.Index("challenge_visit_participant_idx", "participant_id", "date"),
    )

    id: Mapped[str]
    participant_id: Mapped[str]
    date: Mapped[dt.date]
    days: Mapped[Decimal]
    topic: Mapped[str]
    notes: Mapped[str | None]
    adviser_id: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class ParticipantMessage(tk.BaseModel):
    """A message between the members of a participant and its staff; both read it.

    ``side`` says who wrote it: ``member`` or ``staff``.
    """

    __table__ = sa.Table(
        "challenge_participant_message",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "participant_id", "challenge_participant.id", needed=True, with_it=True
        ),
        sa.Column("side", sa.UnicodeText, nullable=False),
        key_column("author_id", "user.id"),
        sa.Column("text", sa.UnicodeText, nullable=False),
        time_column("created_at", nullable=False, default=utcnow),
        # When somebody of the team said that it needs no answer.
        time_column("settled_at"),
        sa.Index("challenge_participant_message_idx", "participant_id", "created_at"),
    )

    id: Mapped[str]
    participant_id: Mapped[str]
    side: Mapped[str]
    author_id: Mapped[str | None]
    text: Mapped[str]
    created_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]


class Feedback(tk.BaseModel):
    """What a participant says of its season: one answer, which it may change.

    ``answers`` maps the key of a question of the programme to its answer.
    """

    __table__ = sa.Table(
        "challenge_feedback",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "participant_id", "challenge_participant.id", needed=True, with_it=True
        ),
        json_column("answers", dict),
        key_column("author_id", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        sa.UniqueConstraint("participant_id", name="challenge_feedback_once"),
    )

    id: Mapped[str]
    participant_id: Mapped[str]
    answers: Mapped[dict[str, Any]]
    author_id: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]

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

    ``days`` is a multiple of a half; ``notes`` are for the staff alone. ``date`` is the
    day on which it begins in the portal's time zone, ``duration`` is in minutes.
    A group visit has a row for each collectivité, all with the same ``group_id``;
    ``counted`` is what this one has of the days, and what all sums add up.
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
        time_column("starts_at"),
        sa.Column("duration", sa.Integer),
        sa.Column("place", sa.UnicodeText),
        sa.Column(
            "kind",
            sa.UnicodeText,
            nullable=False,
            default="on_site",
            server_default="on_site",
        ),
        sa.Column(
            "state",
            sa.UnicodeText,
            nullable=False,
            default="done",
            server_default="done",
        ),
        sa.Column("group_id", sa.UnicodeText),
        sa.Column(
            "shared_by", sa.Integer, nullable=False, default=1, server_default="1"
        ),
        # One that is not shared counts whole.
        sa.Column(
            "counted",
            sa.Numeric(6, 2),
            nullable=False,
            default=lambda row: row.get_current_parameters()["days"],
        ),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        sa.Index("challenge_visit_participant_idx", "participant_id", "date"),
        sa.Index("challenge_visit_adviser_idx", "adviser_id", "date"),
        sa.Index("challenge_visit_group_idx", "group_id"),
    )

    id: Mapped[str]
    participant_id: Mapped[str]
    date: Mapped[dt.date]
    days: Mapped[Decimal]
    topic: Mapped[str]
    notes: Mapped[str | None]
    adviser_id: Mapped[str | None]
    starts_at: Mapped[dt.datetime | None]
    duration: Mapped[int | None]
    place: Mapped[str | None]
    kind: Mapped[str]
    state: Mapped[str]
    group_id: Mapped[str | None]
    shared_by: Mapped[int]
    counted: Mapped[Decimal]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class CalendarKey(tk.BaseModel):
    """The secret address at which somebody's calendar program reads a season's visits.

    The address is signed with the portal's own secret, and is not here; to end it is to
    delete the row.
    """

    __table__ = sa.Table(
        "challenge_calendar_key",
        tk.BaseModel.metadata,
        id_column(),
        key_column("user_id", "user.id", needed=True, with_it=True),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        time_column("created_at", nullable=False, default=utcnow),
        sa.UniqueConstraint("user_id", "cohort_id", name="challenge_calendar_key_once"),
    )

    id: Mapped[str]
    user_id: Mapped[str]
    cohort_id: Mapped[str]
    created_at: Mapped[dt.datetime]


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
        # Whether the same went to many: it answers nobody's question.
        sa.Column("to_many", sa.Boolean),
        sa.Index("challenge_participant_message_idx", "participant_id", "created_at"),
    )

    id: Mapped[str]
    participant_id: Mapped[str]
    side: Mapped[str]
    author_id: Mapped[str | None]
    text: Mapped[str]
    created_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    to_many: Mapped[bool | None]


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

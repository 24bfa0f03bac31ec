"""What is said about an application, and the files that come with it."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import id_column, key_column, time_column, utcnow


class Message(tk.BaseModel):
    """A message between an applicant and the staff; both read it.

    ``side`` says who wrote it: ``applicant`` or ``staff``. An applicant without an
    account leaves ``author_id`` empty.
    """

    __table__ = sa.Table(
        "challenge_message",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "application_id", "challenge_application.id", needed=True, with_it=True
        ),
        sa.Column("side", sa.UnicodeText, nullable=False),
        key_column("author_id", "user.id"),
        sa.Column("text", sa.UnicodeText, nullable=False),
        time_column("created_at", nullable=False, default=utcnow),
        # When somebody of the team said that it needs no answer.
        time_column("settled_at"),
        # Whether the same went to many: it answers nobody's question.
        sa.Column("to_many", sa.Boolean),
        sa.Index("challenge_message_application_idx", "application_id", "created_at"),
    )

    id: Mapped[str]
    application_id: Mapped[str]
    side: Mapped[str]
    author_id: Mapped[str | None]
    text: Mapped[str]
    created_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    to_many: Mapped[bool | None]


class Note(tk.BaseModel):
    """A note on an application that only the staff reads."""

    __table__ = sa.Table(
        "challenge_note",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "application_id", "challenge_application.id", needed=True, with_it=True
        ),
        key_column("author_id", "user.id"),
        sa.Column("text", sa.UnicodeText, nullable=False),
        time_column("created_at", nullable=False, default=utcnow),
        sa.Index("challenge_note_application_idx", "application_id", "created_at"),
    )

    id: Mapped[str]
    application_id: Mapped[str]
    author_id: Mapped[str | None]
    text: Mapped[str]
    created_at: Mapped[dt.datetime]


class ApplicationFile(tk.BaseModel):
    """A file that belongs to an application, or to a message on it.

    Not named ``File`` alone: CKAN 2.12 has a model of that name, and SQLAlchemy finds
    related models by their names.

    The content lies outside the database, under the row's id. ``purpose`` is
    ``deliberation``, ``letter``, ``logo``, ``other``, ``question`` or ``message``.
    """

    __table__ = sa.Table(
        "challenge_file",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "application_id", "challenge_application.id", needed=True, with_it=True
        ),
        key_column("message_id", "challenge_message.id", with_it=True),
        sa.Column("purpose", sa.UnicodeText, nullable=False),
        # The key of the season's question that it answers, where it answers one.
        sa.Column("question", sa.UnicodeText),
        # As its owner named it, made harmless.
        sa.Column("name", sa.UnicodeText, nullable=False),
        # As its content says, not its name.
        sa.Column("media_type", sa.UnicodeText, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        # SHA-256, in hexadecimal digits.
        sa.Column("digest", sa.UnicodeText, nullable=False),
        time_column("created_at", nullable=False, default=utcnow),
        sa.Index("challenge_file_application_idx", "application_id"),
        sa.Index("challenge_file_message_idx", "message_id"),
    )

    id: Mapped[str]
    application_id: Mapped[str]
    message_id: Mapped[str | None]
    purpose: Mapped[str]
    question: Mapped[str | None]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str]
    created_at: Mapped[dt.datetime]

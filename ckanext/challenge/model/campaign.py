"""Messages to many, what to write again, who wants no more of it, and pauses."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class Campaign(tk.BaseModel):
    """One message to many, as its team wrote it.

    ``audience`` says to whom: ``participants``, ``applicants`` or ``staff``; which of
    them, ``filters`` or, where it is not empty, ``chosen`` (their ids). ``subject`` and
    ``text`` have their placeholders: what each one gets stands in its conversation.
    ``state`` is ``held``, ``sent`` or ``cancelled``; ``recipients`` counts to how many
    it was sent.
    """

    __table__ = sa.Table(
        "challenge_campaign",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        key_column("author_id", "user.id"),
        sa.Column("audience", sa.UnicodeText, nullable=False),
        json_column("filters", dict),
        json_column("chosen", list),
        sa.Column("subject", sa.UnicodeText, nullable=False),
        sa.Column("text", sa.UnicodeText, nullable=False),
        sa.Column("state", sa.UnicodeText, nullable=False, default="held"),
        sa.Column("recipients", sa.Integer),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        time_column("sent_at"),
        sa.Index("challenge_campaign_cohort_idx", "cohort_id", "created_at"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    author_id: Mapped[str | None]
    audience: Mapped[str]
    filters: Mapped[dict[str, str]]
    chosen: Mapped[list[str]]
    subject: Mapped[str]
    text: Mapped[str]
    state: Mapped[str]
    recipients: Mapped[int | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]


class CampaignModel(tk.BaseModel):
    """A message that a season keeps, to begin others with."""

    __table__ = sa.Table(
        "challenge_campaign_model",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        sa.Column("audience", sa.UnicodeText, nullable=False),
        sa.Column("title", sa.UnicodeText, nullable=False),
        sa.Column("subject", sa.UnicodeText, nullable=False),
        sa.Column("text", sa.UnicodeText, nullable=False),
        time_column("created_at", nullable=False, default=utcnow),
        sa.UniqueConstraint("cohort_id", "title", name="challenge_campaign_model_once"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    audience: Mapped[str]
    title: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[dt.datetime]


class MailEnd(tk.BaseModel):
    """Somebody who wants no more messages to many, nor reminders, of a season.

    An account, or the contact of an application.
    """

    __table__ = sa.Table(
        "challenge_mail_end",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        key_column("user_id", "user.id", with_it=True),
        key_column("application_id", "challenge_application.id", with_it=True),
        time_column("created_at", nullable=False, default=utcnow),
        sa.UniqueConstraint("cohort_id", "user_id", name="challenge_mail_end_user"),
        sa.UniqueConstraint("application_id", name="challenge_mail_end_application"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    user_id: Mapped[str | None]
    application_id: Mapped[str | None]
    created_at: Mapped[dt.datetime]


class ReminderPause(tk.BaseModel):
    """No reminder goes to a participant, until a day or until somebody ends it."""

    __table__ = sa.Table(
        "challenge_reminder_pause",
        tk.BaseModel.metadata,
        sa.Column(
            "participant_id",
            sa.UnicodeText,
            sa.ForeignKey("challenge_participant.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("reason", sa.UnicodeText, nullable=False),
        # The last day on which none goes.
        sa.Column("until", sa.Date),
        key_column("paused_by", "user.id"),
        time_column("paused_at", nullable=False, default=utcnow),
    )

    participant_id: Mapped[str]
    reason: Mapped[str]
    until: Mapped[dt.date | None]
    paused_by: Mapped[str | None]
    paused_at: Mapped[dt.datetime]

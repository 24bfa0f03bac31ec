"""The outbox: mails that are to be sent, were sent, or could not be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class Mail(tk.BaseModel):
    """One mail to one person, written when it goes.

    It is stored in the transaction of what it tells. It holds no address: it goes to
    ``user_id``, to the subscriber or, without either, to the contact of the
    application. ``data`` holds ids. ``state`` is ``waiting``, ``sent``, ``failed``
    (given up) or ``cancelled``.
    """

    __table__ = sa.Table(
        "challenge_mail",
        tk.BaseModel.metadata,
        id_column(),
        sa.Column("kind", sa.UnicodeText, nullable=False),
        key_column("cohort_id", "challenge_cohort.id", with_it=True),
        key_column("application_id", "challenge_application.id", with_it=True),
        key_column("user_id", "user.id", with_it=True),
        key_column("subscription_id", "challenge_subscription.id", with_it=True),
        # The message to many that it carries, if it does.
        key_column("campaign_id", "challenge_campaign.id"),
        json_column("data", dict),
        sa.Column("state", sa.UnicodeText, nullable=False, default="waiting"),
        sa.Column("attempts", sa.Integer, nullable=False, default=0),
        time_column("next_attempt_at", nullable=False, default=utcnow),
        sa.Column("last_error", sa.UnicodeText),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("sent_at"),
        # Of the address, where it went to one that nobody had proved: these are few.
        sa.Column("unproved_digest", sa.UnicodeText),
        sa.Index("challenge_mail_due_idx", "state", "next_attempt_at"),
        sa.Index("challenge_mail_cohort_idx", "cohort_id", "state"),
        sa.Index("challenge_mail_application_idx", "application_id"),
        sa.Index("challenge_mail_subscription_idx", "subscription_id"),
        sa.Index("challenge_mail_campaign_idx", "campaign_id"),
        sa.Index("challenge_mail_unproved_idx", "unproved_digest", "sent_at"),
    )

    id: Mapped[str]
    kind: Mapped[str]
    cohort_id: Mapped[str | None]
    application_id: Mapped[str | None]
    user_id: Mapped[str | None]
    subscription_id: Mapped[str | None]
    campaign_id: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    state: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[dt.datetime]
    last_error: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    unproved_digest: Mapped[str | None]

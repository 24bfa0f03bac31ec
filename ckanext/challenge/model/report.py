"""What the team of a season declares for its report, who reads it, what is learnt."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class SeasonAccount(tk.BaseModel):
    """What is declared of a season as a whole, and what was measured at its end.

    ``aims`` maps a figure of :data:`~ckanext.challenge.domain.account.FIGURES` to a
    number. ``frozen`` has no name of a person, and no word that somebody wrote:
    ids of accounts and of visits, and numbers.
    """

    __table__ = sa.Table(
        "challenge_season_account",
        tk.BaseModel.metadata,
        sa.Column(
            "cohort_id",
            sa.UnicodeText,
            sa.ForeignKey("challenge_cohort.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        json_column("aims", dict),
        sa.Column("method", sa.UnicodeText),
        # What did not advance, and why; for the team and the funders.
        sa.Column("remarks", sa.UnicodeText),
        sa.Column("frozen", JSONB(none_as_null=True)),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
    )

    cohort_id: Mapped[str]
    aims: Mapped[dict[str, Any]]
    method: Mapped[str | None]
    remarks: Mapped[str | None]
    frozen: Mapped[dict[str, Any] | None]
    updated_at: Mapped[dt.datetime]


class Agreement(tk.BaseModel):
    """What was agreed with a funder of a season.

    ``lines`` and ``indicators`` are lists of objects, see
    :py:func:`challenge_agreement_create`.
    """

    __table__ = sa.Table(
        "challenge_agreement",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        sa.Column("funder", sa.UnicodeText, nullable=False),
        sa.Column("number", sa.UnicodeText),
        sa.Column("starts", sa.Date),
        sa.Column("ends", sa.Date),
        sa.Column("granted", sa.Numeric(12, 2)),
        sa.Column("paid", sa.Numeric(12, 2)),
        json_column("lines", list),
        json_column("indicators", list),
        sa.Column("comment", sa.UnicodeText),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        sa.Index("challenge_agreement_cohort_idx", "cohort_id"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    funder: Mapped[str]
    number: Mapped[str | None]
    starts: Mapped[dt.date | None]
    ends: Mapped[dt.date | None]
    granted: Mapped[Decimal | None]
    paid: Mapped[Decimal | None]
    lines: Mapped[list[dict[str, Any]]]
    indicators: Mapped[list[dict[str, Any]]]
    comment: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class ReportAddress(tk.BaseModel):
    """An address at which somebody without an account reads the report, until a day.

    Of an agreement, if it is for one: then the others are not shown there.
    """

    __table__ = sa.Table(
        "challenge_report_address",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        key_column("agreement_id", "challenge_agreement.id", with_it=True),
        # Which organization reads there, in the team's words.
        sa.Column("name", sa.UnicodeText, nullable=False),
        # The last day on which it opens, in the portal's time zone.
        sa.Column("ends_on", sa.Date, nullable=False),
        key_column("created_by", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("ended_at"),
        sa.Index("challenge_report_address_cohort_idx", "cohort_id"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    agreement_id: Mapped[str | None]
    name: Mapped[str]
    ends_on: Mapped[dt.date]
    created_by: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class ReportFile(tk.BaseModel):
    """The report as a PDF, made by a job: one for each kind of reader and language.

    ``audience`` is ``public``, ``team``, or the id of an agreement. ``state`` is
    ``queued``, ``ready`` or ``failed``. The content lies here, and not in the store of
    files: every node has it, and it goes with its season.
    """

    __table__ = sa.Table(
        "challenge_report_file",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        sa.Column("audience", sa.UnicodeText, nullable=False),
        sa.Column("language", sa.UnicodeText, nullable=False),
        sa.Column("state", sa.UnicodeText, nullable=False, default="queued"),
        sa.Column("content", sa.LargeBinary),
        time_column("asked_at", nullable=False, default=utcnow),
        time_column("made_at"),
        sa.UniqueConstraint(
            "cohort_id", "audience", "language", name="challenge_report_file_once"
        ),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    audience: Mapped[str]
    language: Mapped[str]
    state: Mapped[str]
    content: Mapped[bytes | None]
    asked_at: Mapped[dt.datetime]
    made_at: Mapped[dt.datetime | None]


class Lesson(tk.BaseModel):
    """What the team of a season wants to ``keep`` or to ``change`` in the next one.

    ``step`` is the key of the step of the programme that it is about, if it is about
    one. ``from_cohort_id`` is the season in which it was learnt, if it is another.
    """

    __table__ = sa.Table(
        "challenge_lesson",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        sa.Column("kind", sa.UnicodeText, nullable=False),
        sa.Column("text", sa.UnicodeText, nullable=False),
        sa.Column("step", sa.UnicodeText),
        key_column("from_cohort_id", "challenge_cohort.id"),
        # Whether the season that began with it has dealt with it.
        sa.Column(
            "done", sa.Boolean, nullable=False, default=False, server_default=sa.false()
        ),
        key_column("author_id", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        sa.Index("challenge_lesson_cohort_idx", "cohort_id"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
    step: Mapped[str | None]
    from_cohort_id: Mapped[str | None]
    done: Mapped[bool]
    author_id: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]

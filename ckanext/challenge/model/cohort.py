"""Cohorts (seasons of the challenge) and the people who run them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .base import (
    id_column,
    is_id,
    json_column,
    key_column,
    make_id,
    time_column,
    utcnow,
)


class Cohort(tk.BaseModel):
    """A season: its dates, its money, its partners and the state of its life."""

    __table__ = sa.Table(
        "challenge_cohort",
        tk.BaseModel.metadata,
        id_column(),
        sa.Column("name", sa.UnicodeText, nullable=False, unique=True),
        sa.Column("title", sa.UnicodeText, nullable=False),
        sa.Column("season", sa.Integer, nullable=False),
        sa.Column("description", sa.UnicodeText, nullable=False, default=""),
        sa.Column("programme", sa.UnicodeText, nullable=False),
        # The version a running cohort keeps, whatever the file becomes, and the copy
        # that was made of it.
        sa.Column("programme_version", sa.Integer),
        key_column("programme_digest", "challenge_programme.digest"),
        sa.Column("state", sa.UnicodeText, nullable=False, default="draft"),
        sa.Column("application_opens", sa.Date),
        sa.Column("application_deadline", sa.Date),
        sa.Column("launch", sa.Date),
        sa.Column("first_publication", sa.Date),
        sa.Column("finalisation", sa.Date),
        sa.Column("capacity", sa.Integer),
        json_column("kinds", list),
        sa.Column("days_per_participant", sa.Numeric(6, 1)),
        json_column("funding", list),
        sa.Column("currency", sa.UnicodeText, nullable=False, default="EUR"),
        sa.Column("contact_email", sa.UnicodeText),
        sa.Column("hashtag", sa.UnicodeText),
        json_column("partners", list),
        json_column("testimonials", list),
        # The season's own questions to applicants, see domain/questions.py.
        json_column("questions", list),
        # By what applications are read, and when: see domain/reading.py.
        json_column("criteria", list),
        sa.Column("reading_opens", sa.Date),
        sa.Column("reading_closes", sa.Date),
        # Whether the head of the waiting list takes a place that becomes free.
        sa.Column(
            "automatic_promotion",
            sa.Boolean,
            nullable=False,
            default=False,
            server_default=sa.false(),
        ),
        # States that the season takes by itself on its dates: open, running, finished.
        json_column("scheduled_transitions", list),
        # From when on a participant is stalled; where null, as the portal says.
        sa.Column("stalled_days", sa.Integer),
        sa.Column("stalled_late_steps", sa.Integer),
        # The number given to the last application: taken under the row's lock.
        sa.Column("last_reference", sa.Integer, nullable=False, default=0),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        time_column("finished_at"),
        # The results as they were when the season finished: dated and citable.
        sa.Column("snapshot", JSONB),
    )

    id: Mapped[str]
    name: Mapped[str]
    title: Mapped[str]
    season: Mapped[int]
    description: Mapped[str]
    programme: Mapped[str]
    programme_version: Mapped[int | None]
    programme_digest: Mapped[str | None]
    state: Mapped[str]
    application_opens: Mapped[dt.date | None]
    application_deadline: Mapped[dt.date | None]
    launch: Mapped[dt.date | None]
    first_publication: Mapped[dt.date | None]
    finalisation: Mapped[dt.date | None]
    capacity: Mapped[int | None]
    kinds: Mapped[list[str]]
    days_per_participant: Mapped[Any]
    funding: Mapped[list[dict[str, Any]]]
    currency: Mapped[str]
    contact_email: Mapped[str | None]
    hashtag: Mapped[str | None]
    partners: Mapped[list[dict[str, Any]]]
    testimonials: Mapped[list[dict[str, Any]]]
    questions: Mapped[list[dict[str, Any]]]
    criteria: Mapped[list[dict[str, Any]]]
    reading_opens: Mapped[dt.date | None]
    reading_closes: Mapped[dt.date | None]
    automatic_promotion: Mapped[bool]
    scheduled_transitions: Mapped[list[str]]
    stalled_days: Mapped[int | None]
    stalled_late_steps: Mapped[int | None]
    last_reference: Mapped[int]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    snapshot: Mapped[dict[str, Any] | None]

    @classmethod
    def get(cls, reference: str | None) -> Cohort | None:
        """The cohort with that id or name."""
        if not reference:
            return None
        # By id first: the session knows those that it holds without asking.
        found = model.Session.get(cls, reference) if is_id(reference) else None
        return found or model.Session.query(cls).filter_by(name=reference).first()


class Staff(tk.BaseModel):
    """A user's role (``manager`` or ``adviser``) in a cohort."""

    __table__ = sa.Table(
        "challenge_staff",
        tk.BaseModel.metadata,
        sa.Column("id", sa.UnicodeText, primary_key=True, default=make_id),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        key_column("user_id", "user.id", needed=True, with_it=True),
        sa.Column("role", sa.UnicodeText, nullable=False),
        time_column("created_at", nullable=False, default=utcnow),
        sa.UniqueConstraint(
            "cohort_id", "user_id", "role", name="challenge_staff_once"
        ),
        sa.Index("challenge_staff_user_id_idx", "user_id"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    user_id: Mapped[str]
    role: Mapped[str]
    created_at: Mapped[dt.datetime]


class LateCode(tk.BaseModel):
    """A code that lets somebody apply although the deadline is over."""

    __table__ = sa.Table(
        "challenge_late_code",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        sa.Column("code", sa.UnicodeText, nullable=False),
        # For whom it is, in the manager's words.
        sa.Column("note", sa.UnicodeText),
        # The last day on which it works, in the portal's time zone.
        sa.Column("valid_until", sa.Date),
        sa.Column("max_uses", sa.Integer, nullable=False, default=1),
        sa.Column("uses", sa.Integer, nullable=False, default=0),
        key_column("created_by", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        sa.UniqueConstraint("cohort_id", "code", name="challenge_late_code_once"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    code: Mapped[str]
    note: Mapped[str | None]
    valid_until: Mapped[dt.date | None]
    max_uses: Mapped[int]
    uses: Mapped[int]
    created_by: Mapped[str | None]
    created_at: Mapped[dt.datetime]

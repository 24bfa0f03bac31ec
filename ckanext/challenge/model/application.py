"""Applications: how a collectivité asks to take part in a season."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
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
    time_column,
    utcnow,
)

# A withdrawn or refused application leaves the way free for another one.
LIVE = "state NOT IN ('withdrawn', 'refused')"
PENDING = "pending_decision IS NOT NULL"
WAITING = "state = 'waitlisted'"


class Application(tk.BaseModel):
    """One application of one SIREN to one cohort.

    ``contact_*``, ``elected_sponsor``, ``motivation``, ``answers``, ``previous`` and
    the reasons are personal or confidential: they leave this table only for the
    applicant and the managers of the cohort.
    """

    __table__ = sa.Table(
        "challenge_application",
        tk.BaseModel.metadata,
        id_column(),
        sa.Column("reference", sa.UnicodeText, nullable=False, unique=True),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        sa.Column("siren", sa.UnicodeText, nullable=False),
        sa.Column("organization_title", sa.UnicodeText, nullable=False),
        sa.Column("kind", sa.UnicodeText),
        sa.Column("insee_code", sa.UnicodeText),
        sa.Column("departement", sa.UnicodeText),
        sa.Column("population", sa.Integer),
        # Full-time equivalents: halves exist.
        sa.Column("agents", sa.Numeric(8, 2)),
        sa.Column("contact_name", sa.UnicodeText),
        sa.Column("contact_role", sa.UnicodeText),
        sa.Column("contact_email", sa.UnicodeText),
        sa.Column("contact_phone", sa.UnicodeText),
        sa.Column("elected_sponsor", sa.UnicodeText),
        sa.Column("motivation", sa.UnicodeText),
        json_column("answers", dict),
        time_column("consent_at"),
        sa.Column("language", sa.UnicodeText, nullable=False, default="fr"),
        sa.Column("state", sa.UnicodeText, nullable=False, default="draft"),
        sa.Column("state_reason", sa.UnicodeText),
        # What is to be corrected: "incorrect" or "incomplete", and in which fields.
        sa.Column("changes_kind", sa.UnicodeText),
        json_column("changes_fields", list),
        # What was handed in the time before, to show what a correction changed.
        sa.Column("previous", JSONB(none_as_null=True)),
        sa.Column("pending_decision", JSONB(none_as_null=True)),
        sa.Column("waitlist_rank", sa.Integer),
        # Goes up with each change by the applicant: a page that is behind is told so.
        sa.Column(
            "revision", sa.Integer, nullable=False, default=1, server_default="1"
        ),
        # When somebody opened the link that was mailed to the contact.
        time_column("email_confirmed_at"),
        key_column("late_code_id", "challenge_late_code.id"),
        key_column("reviewer_id", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow, onupdate=utcnow),
        time_column("submitted_at"),
        time_column("decided_at"),
        # Personal data: when its end was announced, and when it was erased.
        time_column("erasure_announced_at"),
        time_column("erased_at"),
        key_column("decided_by", "user.id"),
        key_column("user_id", "user.id"),
        key_column("organization_id", "group.id"),
        sa.Index(
            "challenge_application_live_siren_idx",
            "cohort_id",
            "siren",
            unique=True,
            postgresql_where=sa.text(LIVE),
        ),
        # The numbers above the desk's list are counted from it alone.
        sa.Index(
            "challenge_application_counts_idx",
            "cohort_id",
            "state",
            "departement",
            postgresql_include=["submitted_at"],
        ),
        sa.Index("challenge_application_user_id_idx", "user_id"),
        sa.Index("challenge_application_organization_id_idx", "organization_id"),
        sa.Index("challenge_application_reviewer_id_idx", "reviewer_id"),
        # What the desk's list is told with: kept decisions, and who waits.
        sa.Index(
            "challenge_application_pending_idx",
            "cohort_id",
            postgresql_where=sa.text(PENDING),
        ),
        sa.Index(
            "challenge_application_waiting_idx",
            "cohort_id",
            "waitlist_rank",
            postgresql_where=sa.text(WAITING),
        ),
        # The desk's list as it begins: the first submitted first.
        sa.Index(
            "challenge_application_list_idx",
            "cohort_id",
            "submitted_at",
            "created_at",
            "id",
        ),
    )

    id: Mapped[str]
    reference: Mapped[str]
    cohort_id: Mapped[str]
    siren: Mapped[str]
    organization_title: Mapped[str]
    kind: Mapped[str | None]
    insee_code: Mapped[str | None]
    departement: Mapped[str | None]
    population: Mapped[int | None]
    agents: Mapped[Decimal | None]
    contact_name: Mapped[str | None]
    contact_role: Mapped[str | None]
    contact_email: Mapped[str | None]
    contact_phone: Mapped[str | None]
    elected_sponsor: Mapped[str | None]
    motivation: Mapped[str | None]
    answers: Mapped[dict[str, Any]]
    consent_at: Mapped[dt.datetime | None]
    language: Mapped[str]
    state: Mapped[str]
    state_reason: Mapped[str | None]
    changes_kind: Mapped[str | None]
    changes_fields: Mapped[list[str]]
    previous: Mapped[dict[str, Any] | None]
    pending_decision: Mapped[dict[str, Any] | None]
    waitlist_rank: Mapped[int | None]
    revision: Mapped[int]
    email_confirmed_at: Mapped[dt.datetime | None]
    late_code_id: Mapped[str | None]
    reviewer_id: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    submitted_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime | None]
    erasure_announced_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
    decided_by: Mapped[str | None]
    user_id: Mapped[str | None]
    organization_id: Mapped[str | None]

    @classmethod
    def get(cls, reference: str | None) -> Application | None:
        """The application with that id or reference (``S2-0007``)."""
        if not reference:
            return None
        # By id first: the session knows those that it holds without asking.
        found = model.Session.get(cls, reference) if is_id(reference) else None
        return found or model.Session.query(cls).filter_by(reference=reference).first()

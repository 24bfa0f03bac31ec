"""Participants of a cohort, and the state of each of their steps."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class Participant(tk.BaseModel):
    """An organization in a cohort, with its progress as last evaluated.

    ``percent`` is 0-100; ``measures`` maps a measure's name to its value (a count,
    or a share between 0 and 1); ``kits`` are the names of the kits it chose to
    open.
    """

    __table__ = sa.Table(
        "challenge_participant",
        tk.BaseModel.metadata,
        id_column(),
        key_column("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        key_column("organization_id", "group.id", needed=True, with_it=True),
        key_column("application_id", "challenge_application.id"),
        # Whether the acceptance made its organization, which nobody ran before.
        sa.Column(
            "organization_created",
            sa.Boolean,
            nullable=False,
            default=False,
            server_default=sa.text("false"),
        ),
        key_column("adviser_id", "user.id"),
        # Facts of the directory, kept as they were when the organization joined.
        sa.Column("siren", sa.UnicodeText),
        sa.Column("kind", sa.UnicodeText),
        sa.Column("departement", sa.UnicodeText),
        sa.Column("population", sa.Integer),
        sa.Column("state", sa.UnicodeText, nullable=False, default="active"),
        time_column("joined_at", nullable=False, default=utcnow),
        json_column("kits", list),
        sa.Column("steps_done", sa.Integer, nullable=False, default=0),
        sa.Column("steps_total", sa.Integer, nullable=False, default=0),
        sa.Column("percent", sa.Integer, nullable=False, default=0),
        sa.Column("current_phase", sa.UnicodeText),
        sa.Column("late_steps", sa.Integer, nullable=False, default=0),
        time_column("last_activity_at"),
        time_column("evaluated_at"),
        json_column("measures", dict),
        # When its members were last reminded of their steps.
        time_column("reminded_at"),
        time_column("withdrawn_at"),
        # What the team said to its members when it left.
        sa.Column("withdrawn_reason", sa.UnicodeText),
        sa.UniqueConstraint(
            "cohort_id", "organization_id", name="challenge_participant_once"
        ),
        sa.Index("challenge_participant_organization_id_idx", "organization_id"),
        sa.Index("challenge_participant_siren_idx", "siren"),
    )

    id: Mapped[str]
    cohort_id: Mapped[str]
    organization_id: Mapped[str]
    application_id: Mapped[str | None]
    organization_created: Mapped[bool]
    adviser_id: Mapped[str | None]
    siren: Mapped[str | None]
    kind: Mapped[str | None]
    departement: Mapped[str | None]
    population: Mapped[int | None]
    state: Mapped[str]
    joined_at: Mapped[dt.datetime]
    kits: Mapped[list[str]]
    steps_done: Mapped[int]
    steps_total: Mapped[int]
    percent: Mapped[int]
    current_phase: Mapped[str | None]
    late_steps: Mapped[int]
    last_activity_at: Mapped[dt.datetime | None]
    evaluated_at: Mapped[dt.datetime | None]
    measures: Mapped[dict[str, Any]]
    reminded_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_reason: Mapped[str | None]

    @classmethod
    def get(cls, id_: str | None) -> Participant | None:
        """The participant with that id."""
        return model.Session.get(cls, id_) if id_ else None

    @classmethod
    def of(cls, cohort_id: str, organization_id: str) -> Participant | None:
        """The participation of an organization in a cohort, by their ids."""
        return (
            model.Session.query(cls)
            .filter_by(cohort_id=cohort_id, organization_id=organization_id)
            .first()
        )


class StepStatus(tk.BaseModel):
    """Where a participant is with one step of the programme.

    ``source`` is ``catalog`` (the catalogue itself says it) or ``person``.
    ``value`` and ``target`` are those of the step's first unmet (or only)
    criterion; ``why_not`` lists what is missing:
    ``[{measure, value, target, datasets: [id]}]``.
    """

    __table__ = sa.Table(
        "challenge_step_status",
        tk.BaseModel.metadata,
        sa.Column(
            "participant_id",
            sa.UnicodeText,
            sa.ForeignKey("challenge_participant.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("step", sa.UnicodeText, primary_key=True),
        sa.Column("state", sa.UnicodeText, nullable=False, default="todo"),
        sa.Column("source", sa.UnicodeText, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("target", sa.Float),
        json_column("why_not", list),
        sa.Column("evidence_url", sa.UnicodeText),
        # The id of an Evidence.
        sa.Column("evidence_file", sa.UnicodeText),
        # What its people say of it.
        sa.Column("note", sa.UnicodeText),
        # What the staff answers: why it was sent back or is not asked any more.
        sa.Column("reason", sa.UnicodeText),
        sa.Column("planned_for", sa.Date),
        time_column("updated_at", nullable=False, default=utcnow),
        # A user's id, or none when the evaluation wrote it.
        key_column("updated_by", "user.id"),
    )

    participant_id: Mapped[str]
    step: Mapped[str]
    state: Mapped[str]
    source: Mapped[str]
    value: Mapped[float | None]
    target: Mapped[float | None]
    why_not: Mapped[list[dict[str, Any]]]
    evidence_url: Mapped[str | None]
    evidence_file: Mapped[str | None]
    note: Mapped[str | None]
    reason: Mapped[str | None]
    planned_for: Mapped[dt.date | None]
    updated_at: Mapped[dt.datetime]
    updated_by: Mapped[str | None]

    @classmethod
    def of(cls, participant: Participant) -> list[StepStatus]:
        """The statuses of a participant's steps, and its own row as of that moment.

        Badges are judged by both: read one after the other, an evaluation in between
        would have a page say that a step is done and that a badge still needs it.

        :param participant: its attributes are read anew
        """
        rows = (
            model.Session.query(cls, Participant)
            .join(Participant, Participant.id == cls.participant_id)
            .filter(Participant.id == participant.id)
            .populate_existing()
        )
        return [status for status, _ in rows]


class Evidence(tk.BaseModel):
    """A file that proves a step; its people and the staff read it.

    The content lies outside the database, under the row's id, as that of an
    application's files does.
    """

    __table__ = sa.Table(
        "challenge_evidence",
        tk.BaseModel.metadata,
        id_column(),
        key_column(
            "participant_id", "challenge_participant.id", needed=True, with_it=True
        ),
        sa.Column("step", sa.UnicodeText, nullable=False),
        # As its owner named it, made harmless.
        sa.Column("name", sa.UnicodeText, nullable=False),
        # As its content says, not its name.
        sa.Column("media_type", sa.UnicodeText, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        # SHA-256, in hexadecimal digits.
        sa.Column("digest", sa.UnicodeText, nullable=False),
        key_column("created_by", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        sa.Index("challenge_evidence_participant_idx", "participant_id", "step"),
    )

    id: Mapped[str]
    participant_id: Mapped[str]
    step: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str]
    created_by: Mapped[str | None]
    created_at: Mapped[dt.datetime]

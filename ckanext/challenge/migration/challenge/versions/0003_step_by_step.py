"""Kept programmes, evidence, visits, conversation, feedback, what a check counted.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "challenge_feedback",
    "challenge_participant_message",
    "challenge_visit",
    "challenge_evidence",
)


def _key(
    name: str, target: str, *, needed: bool = False, with_it: bool = False
) -> sa.Column[Any]:
    return sa.Column(
        name,
        sa.UnicodeText(),
        sa.ForeignKey(target, ondelete="CASCADE" if with_it else "SET NULL"),
        nullable=not needed,
    )


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.UnicodeText(), nullable=False, primary_key=True)


def _of_participant() -> sa.Column[Any]:
    return _key("participant_id", "challenge_participant.id", needed=True, with_it=True)


def _text(name: str, needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.UnicodeText(), nullable=not needed)


def _time(name: str, needed: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _json(name: str, empty: str) -> sa.Column[Any]:
    return sa.Column(
        name, JSONB(), server_default=sa.text(f"'{empty}'::jsonb"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "challenge_programme",
        sa.Column("digest", sa.UnicodeText(), nullable=False, primary_key=True),
        _text("name"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        _time("kept_at", needed=True),
    )
    op.add_column(
        "challenge_cohort", _key("programme_digest", "challenge_programme.digest")
    )
    op.add_column("challenge_participant", _time("reminded_at"))
    op.create_index(
        "challenge_participant_siren_idx", "challenge_participant", ["siren"]
    )
    op.add_column("challenge_step_status", _text("reason", needed=False))
    for column in (
        _json("groups", "[]"),
        sa.Column("partial", sa.Boolean(), server_default=sa.false(), nullable=False),
        _text("encoding", needed=False),
        _text("separator", needed=False),
    ):
        op.add_column("challenge_conformity", column)
    op.create_table(
        "challenge_evidence",
        _id(),
        _of_participant(),
        _text("step"),
        _text("name"),
        _text("media_type"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _text("digest"),
        _key("created_by", "user.id"),
        _time("created_at", needed=True),
        sa.Index("challenge_evidence_participant_idx", "participant_id", "step"),
    )
    op.create_table(
        "challenge_visit",
        _id(),
        _of_participant(),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("days", sa.Numeric(4, 1), nullable=False),
        _text("topic"),
        _text("notes", needed=False),
        _key("adviser_id", "user.id"),
        _time("created_at", needed=True),
        _time("updated_at", needed=True),
        sa.Index("challenge_visit_participant_idx", "participant_id", "date"),
    )
    op.create_table(
        "challenge_participant_message",
        _id(),
        _of_participant(),
        _text("side"),
        _key("author_id", "user.id"),
        _text("text"),
        _time("created_at", needed=True),
        sa.Index("challenge_participant_message_idx", "participant_id", "created_at"),
    )
    op.create_table(
        "challenge_feedback",
        _id(),
        _of_participant(),
        _json("answers", "{}"),
        _key("author_id", "user.id"),
        _time("created_at", needed=True),
        _time("updated_at", needed=True),
        sa.UniqueConstraint("participant_id", name="challenge_feedback_once"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for column in ("separator", "encoding", "partial", "groups"):
        op.drop_column("challenge_conformity", column)
    op.drop_column("challenge_step_status", "reason")
    op.drop_index("challenge_participant_siren_idx", "challenge_participant")
    op.drop_column("challenge_participant", "reminded_at")
    op.drop_column("challenge_cohort", "programme_digest")
    op.drop_table("challenge_programme")

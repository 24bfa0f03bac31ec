"""Correspondence, files, claims, the outbox, late-entry codes and a season's questions.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "challenge_mail",
    "challenge_claim",
    "challenge_file",
    "challenge_note",
    "challenge_message",
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


def _text(name: str, needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.UnicodeText(), nullable=not needed)


def _time(name: str, needed: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _json(name: str, empty: str) -> sa.Column[Any]:
    return sa.Column(
        name, JSONB(), server_default=sa.text(f"'{empty}'::jsonb"), nullable=False
    )


def upgrade() -> None:
    op.add_column("challenge_cohort", _json("questions", "[]"))
    op.add_column(
        "challenge_cohort",
        sa.Column(
            "automatic_promotion",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
        ),
    )
    op.add_column("challenge_cohort", _json("scheduled_transitions", "[]"))
    op.create_table(
        "challenge_late_code",
        sa.Column("id", sa.UnicodeText(), nullable=False, primary_key=True),
        _key("cohort_id", "challenge_cohort.id", needed=True, with_it=True),
        _text("code"),
        _text("note", needed=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        _key("created_by", "user.id"),
        _time("created_at", needed=True),
        sa.UniqueConstraint("cohort_id", "code", name="challenge_late_code_once"),
    )
    op.drop_column("challenge_application", "attachments")
    for column in (
        _text("changes_kind", needed=False),
        _json("changes_fields", "[]"),
        sa.Column("previous", JSONB(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        _time("email_confirmed_at"),
        _time("erasure_announced_at"),
        _time("erased_at"),
        _key("late_code_id", "challenge_late_code.id"),
        _key("reviewer_id", "user.id"),
    ):
        op.add_column("challenge_application", column)
    op.create_index(
        "challenge_application_reviewer_id_idx",
        "challenge_application",
        ["reviewer_id"],
    )
    op.create_index(
        "challenge_application_list_idx",
        "challenge_application",
        ["cohort_id", "submitted_at", "created_at", "id"],
    )
    op.create_table(
        "challenge_message",
        sa.Column("id", sa.UnicodeText(), nullable=False, primary_key=True),
        _key("application_id", "challenge_application.id", needed=True, with_it=True),
        _text("side"),
        _key("author_id", "user.id"),
        _text("text"),
        _time("created_at", needed=True),
        sa.Index("challenge_message_application_idx", "application_id", "created_at"),
    )
    op.create_table(
        "challenge_note",
        sa.Column("id", sa.UnicodeText(), nullable=False, primary_key=True),
        _key("application_id", "challenge_application.id", needed=True, with_it=True),
        _key("author_id", "user.id"),
        _text("text"),
        _time("created_at", needed=True),
        sa.Index("challenge_note_application_idx", "application_id", "created_at"),
    )
    op.create_table(
        "challenge_file",
        sa.Column("id", sa.UnicodeText(), nullable=False, primary_key=True),
        _key("application_id", "challenge_application.id", needed=True, with_it=True),
        _key("message_id", "challenge_message.id", with_it=True),
        _text("purpose"),
        _text("name"),
        _text("media_type"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _text("digest"),
        _time("created_at", needed=True),
        sa.Index("challenge_file_application_idx", "application_id"),
        sa.Index("challenge_file_message_idx", "message_id"),
    )
    op.create_table(
        "challenge_claim",
        sa.Column("id", sa.UnicodeText(), nullable=False, primary_key=True),
        _key("application_id", "challenge_application.id", needed=True, with_it=True),
        _key("organization_id", "group.id", needed=True, with_it=True),
        _key("user_id", "user.id", needed=True, with_it=True),
        _text("state"),
        _text("reason", needed=False),
        _time("asked_at", needed=True),
        _time("answered_at"),
        _key("answered_by", "user.id"),
        sa.UniqueConstraint("application_id", name="challenge_claim_once"),
        sa.Index("challenge_claim_organization_idx", "organization_id"),
    )
    op.create_table(
        "challenge_mail",
        sa.Column("id", sa.UnicodeText(), nullable=False, primary_key=True),
        _text("kind"),
        _key("cohort_id", "challenge_cohort.id", with_it=True),
        _key("application_id", "challenge_application.id", with_it=True),
        _key("user_id", "user.id", with_it=True),
        _json("data", "{}"),
        _text("state"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _time("next_attempt_at", needed=True),
        _text("last_error", needed=False),
        _time("created_at", needed=True),
        _time("sent_at"),
        sa.Index("challenge_mail_due_idx", "state", "next_attempt_at"),
        sa.Index("challenge_mail_cohort_idx", "cohort_id", "state"),
        sa.Index("challenge_mail_application_idx", "application_id"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("challenge_application_list_idx", table_name="challenge_application")
    op.drop_index(
        "challenge_application_reviewer_id_idx", table_name="challenge_application"
    )
    for column in (
        "reviewer_id",
        "late_code_id",
        "erased_at",
        "erasure_announced_at",
        "email_confirmed_at",
        "revision",
        "previous",
        "changes_fields",
        "changes_kind",
    ):
        op.drop_column("challenge_application", column)
    op.add_column("challenge_application", _json("attachments", "[]"))
    op.drop_table("challenge_late_code")
    for column in ("scheduled_transitions", "automatic_promotion", "questions"):
        op.drop_column("challenge_cohort", column)

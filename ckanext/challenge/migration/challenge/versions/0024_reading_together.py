"""Criteria and dates of the reading, what readers gave, a file for a question.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "challenge_cohort",
        sa.Column(
            "criteria", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")
        ),
    )
    for name in ("reading_opens", "reading_closes"):
        op.add_column("challenge_cohort", sa.Column(name, sa.Date()))
    op.add_column("challenge_file", sa.Column("question", sa.UnicodeText()))
    op.create_table(
        "challenge_score",
        sa.Column("id", sa.UnicodeText(), primary_key=True),
        sa.Column(
            "application_id",
            sa.UnicodeText(),
            sa.ForeignKey("challenge_application.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "reader_id",
            sa.UnicodeText(),
            sa.ForeignKey("user.id", ondelete="SET NULL"),
        ),
        sa.Column(
            "scores", JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")
        ),
        sa.Column("comment", sa.UnicodeText()),
        sa.Column("conflict", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("application_id", "reader_id", name="challenge_score_once"),
    )
    op.create_index("challenge_score_reader_id_idx", "challenge_score", ["reader_id"])
    op.drop_index("challenge_application_cohort_state_idx", "challenge_application")
    op.create_index(
        "challenge_application_counts_idx",
        "challenge_application",
        ["cohort_id", "state", "departement"],
        postgresql_include=["submitted_at"],
    )
    op.create_index(
        "challenge_application_pending_idx",
        "challenge_application",
        ["cohort_id"],
        postgresql_where=sa.text("pending_decision IS NOT NULL"),
    )
    op.create_index(
        "challenge_application_waiting_idx",
        "challenge_application",
        ["cohort_id", "waitlist_rank"],
        postgresql_where=sa.text("state = 'waitlisted'"),
    )


def downgrade() -> None:
    for name in ("waiting", "pending", "counts"):
        op.drop_index(f"challenge_application_{name}_idx", "challenge_application")
    op.create_index(
        "challenge_application_cohort_state_idx",
        "challenge_application",
        ["cohort_id", "state"],
    )
    op.drop_table("challenge_score")
    op.drop_column("challenge_file", "question")
    for name in ("reading_closes", "reading_opens", "criteria"):
        op.drop_column("challenge_cohort", name)

"""The team's week: rules for who is stalled, messages that need no answer, the weekly
mail, and when commands ran.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MESSAGES = ("challenge_message", "challenge_participant_message")


def upgrade() -> None:
    for name in ("stalled_days", "stalled_late_steps"):
        op.add_column("challenge_cohort", sa.Column(name, sa.Integer()))
    for table in _MESSAGES:
        op.add_column(table, sa.Column("settled_at", sa.DateTime(timezone=True)))
    op.create_table(
        "challenge_digest",
        sa.Column(
            "user_id",
            sa.UnicodeText(),
            sa.ForeignKey("user.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("weekday", sa.Integer()),
        sa.Column("settled_until", sa.Date(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="challenge_digest_weekday"),
    )
    op.create_table(
        "challenge_run",
        sa.Column("name", sa.UnicodeText(), primary_key=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
    )
    # What ran before this could not say so: it has a day from now on.
    op.execute(
        "INSERT INTO challenge_run (name, ended_at) SELECT name, now()"
        " FROM unnest(ARRAY['evaluate', 'mail', 'remind', 'worker']) AS name"
    )


def downgrade() -> None:
    op.drop_table("challenge_run")
    op.drop_table("challenge_digest")
    for table in _MESSAGES:
        op.drop_column(table, "settled_at")
    for name in ("stalled_late_steps", "stalled_days"):
        op.drop_column("challenge_cohort", name)

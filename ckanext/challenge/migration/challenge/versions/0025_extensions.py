"""Later days for steps of participants.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TABLE = "challenge_extension"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.UnicodeText(), primary_key=True),
        sa.Column(
            "participant_id",
            sa.UnicodeText(),
            sa.ForeignKey("challenge_participant.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("step", sa.UnicodeText(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("reason", sa.UnicodeText()),
        sa.Column(
            "created_by",
            sa.UnicodeText(),
            sa.ForeignKey("user.id", ondelete="SET NULL"),
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("participant_id", "step", name="challenge_extension_once"),
    )


def downgrade() -> None:
    op.drop_table(_TABLE)

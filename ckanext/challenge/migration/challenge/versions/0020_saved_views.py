"""Ways to look at a season's participants that its team keeps.

Revision ID: 0020
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLE = "challenge_saved_view"


def _key(name: str, target: str) -> sa.Column[str]:
    return sa.Column(
        name,
        sa.UnicodeText(),
        sa.ForeignKey(target, ondelete="CASCADE"),
        nullable=False,
    )


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.UnicodeText(), primary_key=True),
        _key("cohort_id", "challenge_cohort.id"),
        _key("user_id", "user.id"),
        sa.Column("title", sa.UnicodeText(), nullable=False),
        sa.Column(
            "query", JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")
        ),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "cohort_id", "user_id", "title", name="challenge_saved_view_once"
        ),
    )


def downgrade() -> None:
    op.drop_table(_TABLE)

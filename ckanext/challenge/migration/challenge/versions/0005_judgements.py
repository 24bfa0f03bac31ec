"""What each organization was last judged by.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "challenge_judgement",
        sa.Column(
            "organization_id",
            sa.UnicodeText(),
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            nullable=False,
            primary_key=True,
        ),
        sa.Column("digest", sa.UnicodeText(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("challenge_judgement")

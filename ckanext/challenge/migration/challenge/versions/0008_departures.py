"""When and why a participant withdrew.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "challenge_participant",
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
    )
    op.add_column(
        "challenge_participant", sa.Column("withdrawn_reason", sa.UnicodeText())
    )


def downgrade() -> None:
    op.drop_column("challenge_participant", "withdrawn_reason")
    op.drop_column("challenge_participant", "withdrawn_at")

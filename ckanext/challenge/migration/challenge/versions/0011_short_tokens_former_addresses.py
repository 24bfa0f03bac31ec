"""Short tokens of credentials, and names that were addresses once.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("challenge_credential", sa.Column("short_jwt", sa.UnicodeText()))
    op.create_table(
        "challenge_former_address",
        sa.Column("kind", sa.UnicodeText(), primary_key=True),
        sa.Column("name", sa.UnicodeText(), primary_key=True),
        sa.Column("object_id", sa.UnicodeText(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("challenge_former_address")
    op.drop_column("challenge_credential", "short_jwt")

"""Table Schemas that a portal adds to the national ones.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "challenge_schema",
        sa.Column("id", sa.UnicodeText(), primary_key=True),
        sa.Column(
            "document",
            JSONB(),
            nullable=False,
            server_default=sa.text("'{}'::jsonb"),
        ),
        sa.Column(
            "user_id", sa.UnicodeText(), sa.ForeignKey("user.id", ondelete="SET NULL")
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "challenge_schema_id_idx",
        "challenge_schema",
        [sa.text("lower(id)")],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("challenge_schema")

"""Outlines of collectivités and the maps made of them, codes that communes had, and
which organization is which collectivité.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "challenge_contour",
        sa.Column("level", sa.UnicodeText(), primary_key=True),
        sa.Column("code", sa.UnicodeText(), primary_key=True),
        sa.Column(
            "geometry", JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")
        ),
        *(
            sa.Column(side, sa.Float(), nullable=False)
            for side in ("west", "south", "east", "north")
        ),
    )
    op.create_table(
        "challenge_map",
        sa.Column("level", sa.UnicodeText(), primary_key=True),
        sa.Column("departement", sa.UnicodeText(), primary_key=True),
        sa.Column("version", sa.UnicodeText(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column(
            "shapes", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")
        ),
    )
    op.create_table(
        "challenge_former_code",
        sa.Column("insee_code", sa.UnicodeText(), primary_key=True),
        sa.Column("siren", sa.UnicodeText(), nullable=False),
    )
    op.create_table(
        "challenge_match",
        sa.Column(
            "organization_id",
            sa.UnicodeText(),
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("siren", sa.UnicodeText()),
        sa.Column(
            "decided_by",
            sa.UnicodeText(),
            sa.ForeignKey("user.id", ondelete="SET NULL"),
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for name in ("match", "former_code", "map", "contour"):
        op.drop_table(f"challenge_{name}")

"""Spreadsheets on their way to files that conform, and what is remembered of them.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _json(name: str, empty: str) -> sa.Column[object]:
    return sa.Column(
        name, JSONB(), nullable=False, server_default=sa.text(f"'{empty}'::jsonb")
    )


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "challenge_preparation",
        sa.Column("id", sa.UnicodeText(), primary_key=True),
        sa.Column(
            "organization_id",
            sa.UnicodeText(),
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("kit", sa.UnicodeText(), nullable=False),
        sa.Column(
            "user_id", sa.UnicodeText(), sa.ForeignKey("user.id", ondelete="SET NULL")
        ),
        sa.Column("state", sa.UnicodeText(), nullable=False),
        sa.Column("reason", sa.UnicodeText()),
        sa.Column("source_name", sa.UnicodeText(), nullable=False),
        sa.Column("sheets", JSONB()),
        sa.Column("header_row", sa.Integer()),
        _json("mapping", "{}"),
        _json("constants", "{}"),
        _json("repairs", "{}"),
        _json("edits", "[]"),
        _json("taken_back", "[]"),
        _json("found", "{}"),
        sa.Column(
            "dataset_id",
            sa.UnicodeText(),
            sa.ForeignKey("package.id", ondelete="SET NULL"),
        ),
        sa.Column(
            "resource_id",
            sa.UnicodeText(),
            sa.ForeignKey("resource.id", ondelete="SET NULL"),
        ),
        _time("created_at"),
        _time("updated_at"),
        _time("expires_at"),
        sa.Column("reminded_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "challenge_preparation_organization_idx",
        "challenge_preparation",
        ["organization_id", "updated_at"],
    )
    op.create_index(
        "challenge_preparation_expires_idx", "challenge_preparation", ["expires_at"]
    )
    op.create_table(
        "challenge_preparation_memory",
        sa.Column(
            "organization_id",
            sa.UnicodeText(),
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kit", sa.UnicodeText(), primary_key=True),
        _json("columns", "{}"),
        _json("constants", "{}"),
        _time("updated_at"),
    )


def downgrade() -> None:
    op.drop_table("challenge_preparation_memory")
    op.drop_table("challenge_preparation")

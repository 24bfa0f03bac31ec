"""The observatory: what each collectivité has opened, elsewhere too, month by month.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _observatory()
    _elsewhere()
    _snapshots()


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _names(name: str) -> sa.Column:
    return sa.Column(
        name,
        ARRAY(sa.UnicodeText()),
        nullable=False,
        server_default=sa.text("'{}'::text[]"),
    )


def _observatory() -> None:
    table = "challenge_observatory"
    op.create_table(
        table,
        sa.Column(
            "code",
            sa.UnicodeText(),
            sa.ForeignKey("challenge_collectivite.code", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "organization_id",
            sa.UnicodeText(),
            sa.ForeignKey("group.id", ondelete="SET NULL"),
        ),
        sa.Column("agents", sa.Numeric(precision=8, scale=2)),
        _count("datasets"),
        _count("conforming"),
        _count("fresh"),
        sa.Column("first_published_at", sa.DateTime(timezone=True)),
        sa.Column("last_published_at", sa.DateTime(timezone=True)),
        _names("badges"),
        _names("seasons"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    for column in ("organization_id", "changed_at"):
        op.create_index(f"{table}_{column}_idx", table, [column])


def _elsewhere() -> None:
    table = "challenge_elsewhere"
    op.create_table(
        table,
        sa.Column("siren", sa.UnicodeText(), primary_key=True),
        sa.Column("source", sa.UnicodeText(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("url", sa.UnicodeText()),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(f"{table}_imported_at_idx", table, ["imported_at"])


def _snapshots() -> None:
    table = "challenge_observatory_snapshot"
    op.create_table(
        table,
        sa.Column("occasion", sa.UnicodeText(), primary_key=True),
        sa.Column("period", sa.UnicodeText(), primary_key=True),
        sa.Column("level", sa.UnicodeText(), primary_key=True),
        sa.Column("value", sa.UnicodeText(), primary_key=True),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "figures",
            JSONB(),
            nullable=False,
            server_default=sa.text("'{}'::jsonb"),
        ),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(f"{table}_level_idx", table, ["level", "value", "occasion"])
    # What was published as history stays what it was, whoever writes.
    op.execute(
        """
        CREATE FUNCTION challenge_snapshot_is_frozen() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION 'a snapshot of the observatory is never changed';
        END
        $$ LANGUAGE plpgsql
        """
    )
    op.execute(
        f"""
        CREATE TRIGGER challenge_snapshot_is_frozen BEFORE UPDATE ON {table}
        FOR EACH ROW EXECUTE PROCEDURE challenge_snapshot_is_frozen()
        """
    )


def downgrade() -> None:
    op.drop_table("challenge_observatory_snapshot")
    op.execute("DROP FUNCTION challenge_snapshot_is_frozen()")
    op.drop_table("challenge_elsewhere")
    op.drop_table("challenge_observatory")

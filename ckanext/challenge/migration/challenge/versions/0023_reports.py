"""Aims, agreements with funders, addresses of reports, their PDF files, lessons.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def _key(name: str, target: str, *, needed: bool, cascade: bool) -> sa.Column[Any]:
    return sa.Column(
        name,
        sa.UnicodeText(),
        sa.ForeignKey(target, ondelete="CASCADE" if cascade else "SET NULL"),
        nullable=not needed,
    )


def _season() -> sa.Column[Any]:
    return _key("cohort_id", "challenge_cohort.id", needed=True, cascade=True)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.UnicodeText(), primary_key=True)


def _text(name: str, *, needed: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.UnicodeText(), nullable=not needed)


def _time(name: str, *, needed: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _json(name: str, empty: str) -> sa.Column[Any]:
    return sa.Column(name, JSONB(), nullable=False, server_default=sa.text(empty))


def upgrade() -> None:
    op.create_table(
        "challenge_season_account",
        sa.Column(
            "cohort_id",
            sa.UnicodeText(),
            sa.ForeignKey("challenge_cohort.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        _json("aims", "'{}'"),
        _text("method"),
        _text("remarks"),
        sa.Column("frozen", JSONB()),
        _time("updated_at", needed=True),
    )
    op.create_table(
        "challenge_agreement",
        _id(),
        _season(),
        _text("funder", needed=True),
        _text("number"),
        sa.Column("starts", sa.Date()),
        sa.Column("ends", sa.Date()),
        sa.Column("granted", sa.Numeric(12, 2)),
        sa.Column("paid", sa.Numeric(12, 2)),
        _json("lines", "'[]'"),
        _json("indicators", "'[]'"),
        _text("comment"),
        _time("created_at", needed=True),
        _time("updated_at", needed=True),
        sa.Index("challenge_agreement_cohort_idx", "cohort_id"),
    )
    op.create_table(
        "challenge_report_address",
        _id(),
        _season(),
        _key("agreement_id", "challenge_agreement.id", needed=False, cascade=True),
        _text("name", needed=True),
        sa.Column("ends_on", sa.Date(), nullable=False),
        _key("created_by", "user.id", needed=False, cascade=False),
        _time("created_at", needed=True),
        _time("ended_at"),
        sa.Index("challenge_report_address_cohort_idx", "cohort_id"),
    )
    op.create_table(
        "challenge_report_file",
        _id(),
        _season(),
        _text("audience", needed=True),
        _text("language", needed=True),
        _text("state", needed=True),
        sa.Column("content", sa.LargeBinary()),
        _time("asked_at", needed=True),
        _time("made_at"),
        sa.UniqueConstraint(
            "cohort_id", "audience", "language", name="challenge_report_file_once"
        ),
    )
    op.create_table(
        "challenge_lesson",
        _id(),
        _season(),
        _text("kind", needed=True),
        _text("text", needed=True),
        _text("step"),
        _key("from_cohort_id", "challenge_cohort.id", needed=False, cascade=False),
        sa.Column(
            "done", sa.Boolean(), nullable=False, server_default=sa.text("false")
        ),
        _key("author_id", "user.id", needed=False, cascade=False),
        _time("created_at", needed=True),
        _time("updated_at", needed=True),
        sa.Index("challenge_lesson_cohort_idx", "cohort_id"),
    )


def downgrade() -> None:
    for name in (
        "challenge_lesson",
        "challenge_report_file",
        "challenge_report_address",
        "challenge_agreement",
        "challenge_season_account",
    ):
        op.drop_table(name)

"""Visits with an hour, a place, a kind and a state; addresses of calendars.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_VISIT = "challenge_visit"
_KEYS = "challenge_calendar_key"


def upgrade() -> None:
    for column in (
        sa.Column("starts_at", sa.DateTime(timezone=True)),
        sa.Column("duration", sa.Integer),
        sa.Column("place", sa.UnicodeText),
        sa.Column("kind", sa.UnicodeText, nullable=False, server_default="on_site"),
        sa.Column("state", sa.UnicodeText, nullable=False, server_default="done"),
        sa.Column("group_id", sa.UnicodeText),
        sa.Column("shared_by", sa.Integer, nullable=False, server_default="1"),
        sa.Column("counted", sa.Numeric(6, 2)),
    ):
        op.add_column(_VISIT, column)
    # What was noted for a day to come was planned; what was noted counts whole.
    op.execute(
        f"UPDATE {_VISIT} SET counted = days,"
        " state = CASE WHEN date > CURRENT_DATE THEN 'planned' ELSE 'done' END"
    )
    op.alter_column(_VISIT, "counted", nullable=False)
    op.create_index("challenge_visit_adviser_idx", _VISIT, ["adviser_id", "date"])
    op.create_index("challenge_visit_group_idx", _VISIT, ["group_id"])
    op.create_table(
        _KEYS,
        sa.Column("id", sa.UnicodeText, primary_key=True),
        sa.Column(
            "user_id",
            sa.UnicodeText,
            sa.ForeignKey("user.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "cohort_id",
            sa.UnicodeText,
            sa.ForeignKey("challenge_cohort.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("user_id", "cohort_id", name="challenge_calendar_key_once"),
    )


def downgrade() -> None:
    op.drop_table(_KEYS)
    # A visit that is cancelled takes no day: without its state it would.
    op.execute(f"DELETE FROM {_VISIT} WHERE state = 'cancelled'")
    op.drop_index("challenge_visit_group_idx", _VISIT)
    op.drop_index("challenge_visit_adviser_idx", _VISIT)
    for name in (
        "counted",
        "shared_by",
        "group_id",
        "state",
        "kind",
        "place",
        "duration",
        "starts_at",
    ):
        op.drop_column(_VISIT, name)

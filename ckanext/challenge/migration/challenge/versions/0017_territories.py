"""When each dataset was opened, and who wants to be told of those of a territory.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TABLE = "challenge_subscription"
_OBJECT = "challenge_subscription_object"
_ONCE = "challenge_subscription_once_idx"


def _about(columns: str) -> None:
    """Who asks twice for one of these asks once, and for exactly one of them."""
    op.create_check_constraint(_OBJECT, _TABLE, f"num_nonnulls({columns}) = 1")
    op.create_index(
        _ONCE,
        _TABLE,
        [sa.text("lower(email)"), sa.text(f"coalesce({columns})")],
        unique=True,
    )


def upgrade() -> None:
    op.create_table(
        "challenge_opening",
        sa.Column(
            "dataset_id",
            sa.UnicodeText(),
            sa.ForeignKey("package.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("challenge_opening_opened_at_idx", "opened_at"),
    )
    # What is public today is news to nobody.
    op.execute(
        """
        INSERT INTO challenge_opening (dataset_id, opened_at)
        SELECT id, metadata_created AT TIME ZONE 'UTC' FROM package
        WHERE state = 'active' AND private IS NOT TRUE AND type = 'dataset'
        """
    )
    op.add_column(_TABLE, sa.Column("territory", sa.UnicodeText()))
    op.add_column(_TABLE, sa.Column("told_until", sa.DateTime(timezone=True)))
    op.drop_index(_ONCE, _TABLE)
    op.drop_constraint(_OBJECT, _TABLE)
    _about("badge, cohort_id, organization_id, territory")


def downgrade() -> None:
    op.execute(f"DELETE FROM {_TABLE} WHERE territory IS NOT NULL")
    op.drop_index(_ONCE, _TABLE)
    op.drop_constraint(_OBJECT, _TABLE)
    _about("badge, cohort_id, organization_id")
    op.drop_column(_TABLE, "told_until")
    op.drop_column(_TABLE, "territory")
    op.drop_table("challenge_opening")

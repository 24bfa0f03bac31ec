"""Organizations that are asked whether they take part, and accounts' own addresses.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLE = "challenge_claim"
_PROVED = "challenge_proved_address"


def upgrade() -> None:
    for name, target, ondelete in (
        ("cohort_id", "challenge_cohort.id", "CASCADE"),
        ("asked_by", "user.id", "SET NULL"),
    ):
        op.add_column(
            _TABLE,
            sa.Column(name, sa.UnicodeText(), sa.ForeignKey(target, ondelete=ondelete)),
        )
    for name in ("application_id", "user_id"):
        op.alter_column(_TABLE, name, nullable=True)
    op.create_unique_constraint(
        "challenge_claim_cohort_once", _TABLE, ["cohort_id", "organization_id"]
    )
    # Of what was proved before nobody knows whose address it was.
    op.add_column(
        _PROVED,
        sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )


def downgrade() -> None:
    op.drop_column(_PROVED, "own")
    # What the version before cannot tell.
    op.execute(f"DELETE FROM {_TABLE} WHERE application_id IS NULL")
    op.drop_constraint("challenge_claim_cohort_once", _TABLE)
    for name in ("application_id", "user_id"):
        op.alter_column(_TABLE, name, nullable=False)
    for name in ("asked_by", "cohort_id"):
        op.drop_column(_TABLE, name)

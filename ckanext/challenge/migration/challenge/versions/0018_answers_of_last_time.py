"""What was answered and typed in a preparation, for the next one.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLE = "challenge_preparation_memory"


def upgrade() -> None:
    for name in ("answers", "known"):
        op.add_column(
            _TABLE,
            sa.Column(name, JSONB(), nullable=False, server_default=sa.text("'{}'")),
        )


def downgrade() -> None:
    for name in ("known", "answers"):
        op.drop_column(_TABLE, name)

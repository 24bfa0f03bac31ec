"""Short tokens of credentials.

Revision ID: 0012
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("challenge_credential", sa.Column("short_jwt", sa.UnicodeText()))


def downgrade() -> None:
    op.drop_column("challenge_credential", "short_jwt")

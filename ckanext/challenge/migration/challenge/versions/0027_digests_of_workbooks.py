"""Which content the workbook of a preparation has, wherever it lies.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("challenge_preparation", sa.Column("digest", sa.UnicodeText()))


def downgrade() -> None:
    op.drop_column("challenge_preparation", "digest")

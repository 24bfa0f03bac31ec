"""Messages that went to many, which answer nobody.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLES = ("challenge_message", "challenge_participant_message")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("to_many", sa.Boolean()))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "to_many")

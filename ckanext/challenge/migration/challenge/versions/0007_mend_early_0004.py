"""Mend databases that an early form of 0004 made.

0004 was edited in place before it was frozen: who ran its first form was told that all
was well, and lacks columns, a table and a key. What is there already stays as it is.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    inspector = sa.inspect(op.get_bind())

    def lacks(table: str, column: str) -> bool:
        return column not in {each["name"] for each in inspector.get_columns(table)}

    if not lacks("challenge_step_status", "id"):
        op.drop_column("challenge_step_status", "id")
        op.drop_constraint("challenge_step_once", "challenge_step_status")
        op.create_primary_key(
            "challenge_step_status_pkey",
            "challenge_step_status",
            ["participant_id", "step"],
        )
    if not inspector.has_table("challenge_status_list"):
        op.create_table(
            "challenge_status_list",
            sa.Column(
                "number",
                sa.Integer(),
                nullable=False,
                primary_key=True,
                autoincrement=False,
            ),
            sa.Column(
                "key_id",
                sa.UnicodeText(),
                sa.ForeignKey("challenge_signing_key.id", ondelete="SET NULL"),
            ),
            sa.Column("document", JSONB(), nullable=False),
            sa.Column("jwt", sa.UnicodeText(), nullable=False),
            sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        )
    if lacks("challenge_signing_key", "compromised_at"):
        op.add_column(
            "challenge_signing_key",
            sa.Column("compromised_at", sa.DateTime(timezone=True)),
        )
    if lacks("challenge_mail", "subscription_id"):
        op.add_column(
            "challenge_mail",
            sa.Column(
                "subscription_id",
                sa.UnicodeText(),
                sa.ForeignKey("challenge_subscription.id", ondelete="CASCADE"),
            ),
        )
    indexes = {each["name"] for each in inspector.get_indexes("challenge_mail")}
    if "challenge_mail_subscription_idx" not in indexes:
        op.create_index(
            "challenge_mail_subscription_idx", "challenge_mail", ["subscription_id"]
        )


def downgrade() -> None:
    # The tables are as 0004 makes them: there is nothing to take back.
    pass

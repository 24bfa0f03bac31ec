"""Addresses that accounts proved, roles that wait for that, mails to the others.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _key(
    name: str, target: str, needed: bool = False, with_it: bool = True
) -> sa.Column:
    return sa.Column(
        name,
        sa.UnicodeText(),
        sa.ForeignKey(target, ondelete="CASCADE" if with_it else "SET NULL"),
        nullable=not needed,
    )


def upgrade() -> None:
    op.create_table(
        "challenge_proved_address",
        _key("user_id", "user.id", needed=True),
        sa.Column("digest", sa.UnicodeText(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "digest"),
    )
    op.create_index(
        "challenge_proved_address_digest_idx", "challenge_proved_address", ["digest"]
    )
    op.create_table(
        "challenge_waiting_role",
        sa.Column("id", sa.UnicodeText(), primary_key=True),
        _key("user_id", "user.id", needed=True),
        sa.Column("digest", sa.UnicodeText(), nullable=False),
        _key("organization_id", "group.id"),
        _key("cohort_id", "challenge_cohort.id"),
        _key("participant_id", "challenge_participant.id"),
        _key("application_id", "challenge_application.id"),
        sa.Column("role", sa.UnicodeText(), nullable=False),
        sa.Column("way", sa.UnicodeText(), nullable=False),
        _key("given_by", "user.id", with_it=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
    for name, columns in (
        ("user", ["user_id", "digest"]),
        ("organization", ["organization_id"]),
        ("application", ["application_id"]),
    ):
        op.create_index(
            f"challenge_waiting_role_{name}_idx", "challenge_waiting_role", columns
        )
    # Whom a mail went to that nobody had proved: how many, and not which.
    op.add_column("challenge_mail", sa.Column("unproved_digest", sa.UnicodeText()))
    op.create_index(
        "challenge_mail_unproved_idx", "challenge_mail", ["unproved_digest", "sent_at"]
    )


def downgrade() -> None:
    op.drop_index("challenge_mail_unproved_idx", "challenge_mail")
    op.drop_column("challenge_mail", "unproved_digest")
    op.drop_table("challenge_waiting_role")
    op.drop_table("challenge_proved_address")

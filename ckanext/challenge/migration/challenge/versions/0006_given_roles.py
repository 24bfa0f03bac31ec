"""Roles given through the challenge, and which organizations an acceptance made.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _key(name: str, target: str, needed: bool = False) -> sa.Column:
    return sa.Column(
        name,
        sa.UnicodeText(),
        sa.ForeignKey(target, ondelete="CASCADE" if needed else "SET NULL"),
        nullable=not needed,
    )


def upgrade() -> None:
    op.add_column(
        "challenge_participant",
        sa.Column(
            "organization_created",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
        ),
    )
    # An acceptance makes both in one transaction; CKAN writes the portal's own time.
    op.execute(
        """
        UPDATE challenge_participant p SET organization_created = true
        FROM "group" g
        WHERE g.id = p.organization_id AND p.application_id IS NOT NULL
          AND abs(extract(epoch FROM g.created - (p.joined_at AT TIME ZONE 'UTC')))
              < 10
        """
    )
    op.create_table(
        "challenge_given_role",
        sa.Column("id", sa.UnicodeText(), primary_key=True),
        _key("organization_id", "group.id", needed=True),
        _key("user_id", "user.id", needed=True),
        _key("participant_id", "challenge_participant.id"),
        _key("application_id", "challenge_application.id"),
        sa.Column("role", sa.UnicodeText(), nullable=False),
        sa.Column("former", sa.UnicodeText()),
        sa.Column("way", sa.UnicodeText(), nullable=False),
        _key("given_by", "user.id"),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True)),
    )
    for name, columns in (
        ("organization", ["organization_id", "user_id"]),
        ("participant", ["participant_id"]),
        ("application", ["application_id"]),
    ):
        op.create_index(
            f"challenge_given_role_{name}_idx", "challenge_given_role", columns
        )
    # What an organization said yes to before is known exactly.
    op.execute(
        """
        INSERT INTO challenge_given_role
            (id, organization_id, user_id, participant_id, application_id, role, way,
             given_by, given_at)
        SELECT c.id, c.organization_id, c.user_id, p.id, c.application_id, 'admin',
               'claim', c.answered_by, coalesce(c.answered_at, c.asked_at)
        FROM challenge_claim c
        JOIN challenge_participant p ON p.application_id = c.application_id
        WHERE c.state = 'accepted'
        """
    )


def downgrade() -> None:
    op.drop_table("challenge_given_role")
    op.drop_column("challenge_participant", "organization_created")

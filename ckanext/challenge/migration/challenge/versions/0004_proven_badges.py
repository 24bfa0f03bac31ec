"""Signing keys, credentials, subscriptions, what is measured without a season.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    "challenge_standing",
    "challenge_subscription",
    "challenge_credential",
    "challenge_status_list",
    "challenge_signing_key",
)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.UnicodeText(), nullable=False, primary_key=True)


def _key(name: str, target: str, *, with_it: bool = False) -> sa.Column[Any]:
    return sa.Column(
        name,
        sa.UnicodeText(),
        sa.ForeignKey(target, ondelete="CASCADE" if with_it else "SET NULL"),
    )


def _text(name: str, needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.UnicodeText(), nullable=not needed)


def _time(name: str, needed: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
    )


def upgrade() -> None:
    # A step of a participant names itself: an id beside it was an index for nothing.
    op.drop_column("challenge_step_status", "id")
    op.drop_constraint("challenge_step_once", "challenge_step_status")
    op.create_primary_key(
        "challenge_step_status_pkey",
        "challenge_step_status",
        ["participant_id", "step"],
    )
    op.create_table(
        "challenge_signing_key",
        _id(),
        _text("public_multibase"),
        sa.Column("public_jwk", JSONB(), nullable=False),
        _time("created_at", needed=True),
        _time("retired_at"),
        _time("compromised_at"),
    )
    op.create_table(
        "challenge_credential",
        _id(),
        _key("award_id", "challenge_award.id"),
        _key("key_id", "challenge_signing_key.id"),
        sa.Column(
            "status_index",
            sa.Integer(),
            sa.Identity(start=0, minvalue=0),
            nullable=False,
        ),
        sa.Column("document", JSONB(), nullable=False),
        _text("jwt"),
        _time("issued_at", needed=True),
        sa.UniqueConstraint("award_id", name="challenge_credential_award"),
        sa.UniqueConstraint("status_index", name="challenge_credential_status"),
    )
    op.create_table(
        "challenge_status_list",
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            primary_key=True,
            autoincrement=False,
        ),
        _key("key_id", "challenge_signing_key.id"),
        sa.Column("document", JSONB(), nullable=False),
        _text("jwt"),
        _time("signed_at", needed=True),
    )
    op.create_table(
        "challenge_subscription",
        _id(),
        _text("email"),
        _text("language"),
        _text("badge", needed=False),
        _key("cohort_id", "challenge_cohort.id", with_it=True),
        _key("organization_id", "group.id", with_it=True),
        _time("created_at", needed=True),
        _time("confirmed_at"),
        sa.CheckConstraint(
            "num_nonnulls(badge, cohort_id, organization_id) = 1",
            name="challenge_subscription_object",
        ),
        sa.Index("challenge_subscription_badge_idx", "badge"),
        sa.Index("challenge_subscription_cohort_idx", "cohort_id"),
        sa.Index("challenge_subscription_organization_idx", "organization_id"),
    )
    op.create_index(
        "challenge_subscription_once_idx",
        "challenge_subscription",
        [
            sa.text("lower(email)"),
            sa.text("coalesce(badge, cohort_id, organization_id)"),
        ],
        unique=True,
    )
    op.add_column(
        "challenge_mail",
        _key("subscription_id", "challenge_subscription.id", with_it=True),
    )
    op.create_index(
        "challenge_mail_subscription_idx", "challenge_mail", ["subscription_id"]
    )
    op.create_table(
        "challenge_standing",
        sa.Column(
            "organization_id",
            sa.UnicodeText(),
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            nullable=False,
            primary_key=True,
        ),
        _json("measures"),
        _json("why_not"),
        _time("evaluated_at", needed=True),
    )


def downgrade() -> None:
    # The code before knows none of these kinds of mail, and without the column nobody
    # could tell to whom some of them go.
    op.execute(
        "DELETE FROM challenge_mail WHERE kind LIKE 'award\\_%'"
        " OR kind IN ('subscription', 'subscription_news')"
    )
    op.drop_index("challenge_mail_subscription_idx", "challenge_mail")
    op.drop_column("challenge_mail", "subscription_id")
    for table in TABLES:
        op.drop_table(table)
    op.drop_constraint("challenge_step_status_pkey", "challenge_step_status")
    op.create_unique_constraint(
        "challenge_step_once", "challenge_step_status", ["participant_id", "step"]
    )
    op.add_column(
        "challenge_step_status",
        sa.Column(
            "id",
            sa.UnicodeText(),
            server_default=sa.text("CAST(gen_random_uuid() AS text)"),
            nullable=False,
        ),
    )
    op.alter_column("challenge_step_status", "id", server_default=None)
    op.create_primary_key("challenge_step_status_pkey", "challenge_step_status", ["id"])

"""Messages to many, their models, who ended such mails, reminders that are paused.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TABLES = (
    "challenge_reminder_pause",
    "challenge_mail_end",
    "challenge_campaign_model",
    "challenge_campaign",
)


def _key(name: str, target: str, ondelete: str, nullable: bool) -> sa.Column:
    return sa.Column(
        name,
        sa.UnicodeText(),
        sa.ForeignKey(target, ondelete=ondelete),
        nullable=nullable,
    )


def _id() -> sa.Column:
    return sa.Column("id", sa.UnicodeText(), primary_key=True)


def _text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.UnicodeText(), nullable=nullable)


def _time(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "challenge_campaign",
        _id(),
        _key("cohort_id", "challenge_cohort.id", "CASCADE", False),
        _key("author_id", "user.id", "SET NULL", True),
        _text("audience"),
        sa.Column("filters", JSONB(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("chosen", JSONB(), nullable=False, server_default=sa.text("'[]'")),
        _text("subject"),
        _text("text"),
        _text("state"),
        sa.Column("recipients", sa.Integer()),
        _time("created_at"),
        _time("updated_at"),
        _time("sent_at", True),
    )
    op.create_index(
        "challenge_campaign_cohort_idx",
        "challenge_campaign",
        ["cohort_id", "created_at"],
    )
    op.create_table(
        "challenge_campaign_model",
        _id(),
        _key("cohort_id", "challenge_cohort.id", "CASCADE", False),
        _text("audience"),
        _text("title"),
        _text("subject"),
        _text("text"),
        _time("created_at"),
        sa.UniqueConstraint("cohort_id", "title", name="challenge_campaign_model_once"),
    )
    op.create_table(
        "challenge_mail_end",
        _id(),
        _key("cohort_id", "challenge_cohort.id", "CASCADE", False),
        _key("user_id", "user.id", "CASCADE", True),
        _key("application_id", "challenge_application.id", "CASCADE", True),
        _time("created_at"),
        sa.UniqueConstraint("cohort_id", "user_id", name="challenge_mail_end_user"),
        sa.UniqueConstraint("application_id", name="challenge_mail_end_application"),
    )
    op.create_table(
        "challenge_reminder_pause",
        sa.Column(
            "participant_id",
            sa.UnicodeText(),
            sa.ForeignKey("challenge_participant.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        _text("reason"),
        sa.Column("until", sa.Date()),
        _key("paused_by", "user.id", "SET NULL", True),
        _time("paused_at"),
    )
    op.add_column(
        "challenge_mail",
        _key("campaign_id", "challenge_campaign.id", "SET NULL", True),
    )
    op.create_index("challenge_mail_campaign_idx", "challenge_mail", ["campaign_id"])


def downgrade() -> None:
    op.drop_index("challenge_mail_campaign_idx", "challenge_mail")
    op.drop_column("challenge_mail", "campaign_id")
    for table in _TABLES:
        op.drop_table(table)

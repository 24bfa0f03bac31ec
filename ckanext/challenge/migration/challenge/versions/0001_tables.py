"""The tables of the challenge, and the index that CKAN's catalogue lacks.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "challenge_award",
    "challenge_step_status",
    "challenge_participant",
    "challenge_application",
    "challenge_staff",
    "challenge_cohort",
    "challenge_collectivite",
    "challenge_conformity",
    "challenge_journal",
)


def upgrade() -> None:
    op.create_table(
        "challenge_cohort",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("name", sa.UnicodeText(), nullable=False),
        sa.Column("title", sa.UnicodeText(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("description", sa.UnicodeText(), nullable=False),
        sa.Column("programme", sa.UnicodeText(), nullable=False),
        sa.Column("programme_version", sa.Integer(), nullable=True),
        sa.Column("state", sa.UnicodeText(), nullable=False),
        sa.Column("application_opens", sa.Date(), nullable=True),
        sa.Column("application_deadline", sa.Date(), nullable=True),
        sa.Column("launch", sa.Date(), nullable=True),
        sa.Column("first_publication", sa.Date(), nullable=True),
        sa.Column("finalisation", sa.Date(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column(
            "kinds", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "days_per_participant", sa.Numeric(precision=6, scale=1), nullable=True
        ),
        sa.Column(
            "funding", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("currency", sa.UnicodeText(), nullable=False),
        sa.Column("contact_email", sa.UnicodeText(), nullable=True),
        sa.Column("hashtag", sa.UnicodeText(), nullable=True),
        sa.Column(
            "partners", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "testimonials",
            JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("last_reference", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "challenge_collectivite",
        sa.Column("code", sa.UnicodeText(), nullable=False),
        sa.Column("siren", sa.UnicodeText(), nullable=True),
        sa.Column("insee_code", sa.UnicodeText(), nullable=True),
        sa.Column("name", sa.UnicodeText(), nullable=False),
        sa.Column("kind", sa.UnicodeText(), nullable=False),
        sa.Column("departement", sa.UnicodeText(), nullable=True),
        sa.Column("region", sa.UnicodeText(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("epci_siren", sa.UnicodeText(), nullable=True),
        sa.Column("postcodes", ARRAY(sa.UnicodeText()), nullable=False),
        sa.Column("vintage", sa.Integer(), nullable=False),
        sa.Column("search_key", sa.UnicodeText(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("siren"),
    )
    op.create_table(
        "challenge_journal",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.UnicodeText(), nullable=False),
        sa.Column("action", sa.UnicodeText(), nullable=False),
        sa.Column("object_type", sa.UnicodeText(), nullable=False),
        sa.Column("object_id", sa.UnicodeText(), nullable=False),
        sa.Column(
            "data", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("digest", sa.UnicodeText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "challenge_application",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("reference", sa.UnicodeText(), nullable=False),
        sa.Column("cohort_id", sa.UnicodeText(), nullable=False),
        sa.Column("siren", sa.UnicodeText(), nullable=False),
        sa.Column("organization_title", sa.UnicodeText(), nullable=False),
        sa.Column("kind", sa.UnicodeText(), nullable=True),
        sa.Column("insee_code", sa.UnicodeText(), nullable=True),
        sa.Column("departement", sa.UnicodeText(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("agents", sa.Numeric(precision=8, scale=2), nullable=True),
        sa.Column("contact_name", sa.UnicodeText(), nullable=True),
        sa.Column("contact_role", sa.UnicodeText(), nullable=True),
        sa.Column("contact_email", sa.UnicodeText(), nullable=True),
        sa.Column("contact_phone", sa.UnicodeText(), nullable=True),
        sa.Column("elected_sponsor", sa.UnicodeText(), nullable=True),
        sa.Column("motivation", sa.UnicodeText(), nullable=True),
        sa.Column(
            "answers", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "attachments",
            JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("language", sa.UnicodeText(), nullable=False),
        sa.Column("state", sa.UnicodeText(), nullable=False),
        sa.Column("state_reason", sa.UnicodeText(), nullable=True),
        sa.Column("pending_decision", JSONB(), nullable=True),
        sa.Column("waitlist_rank", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.UnicodeText(), nullable=True),
        sa.Column("user_id", sa.UnicodeText(), nullable=True),
        sa.Column("organization_id", sa.UnicodeText(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["challenge_cohort.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["organization_id"], ["group.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    op.create_table(
        "challenge_award",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("badge", sa.UnicodeText(), nullable=False),
        sa.Column("programme", sa.UnicodeText(), nullable=False),
        sa.Column("programme_version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("organization_id", sa.UnicodeText(), nullable=False),
        sa.Column("cohort_id", sa.UnicodeText(), nullable=True),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("awarded_by", sa.UnicodeText(), nullable=True),
        sa.Column("source", sa.UnicodeText(), nullable=False),
        sa.Column("reason", sa.UnicodeText(), nullable=True),
        sa.Column(
            "criteria", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("state", sa.UnicodeText(), nullable=False),
        sa.Column("lost_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.UnicodeText(), nullable=True),
        sa.Column("revoked_source", sa.UnicodeText(), nullable=True),
        sa.ForeignKeyConstraint(["awarded_by"], ["user.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["challenge_cohort.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["group.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "challenge_staff",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("cohort_id", sa.UnicodeText(), nullable=False),
        sa.Column("user_id", sa.UnicodeText(), nullable=False),
        sa.Column("role", sa.UnicodeText(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["challenge_cohort.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "cohort_id", "user_id", "role", name="challenge_staff_once"
        ),
    )
    op.create_table(
        "challenge_conformity",
        sa.Column("resource_id", sa.UnicodeText(), nullable=False),
        sa.Column("schema", sa.UnicodeText(), nullable=False),
        sa.Column("status", sa.UnicodeText(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column(
            "errors", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("error_count", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("resource_id"),
    )
    op.create_table(
        "challenge_participant",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("cohort_id", sa.UnicodeText(), nullable=False),
        sa.Column("organization_id", sa.UnicodeText(), nullable=False),
        sa.Column("application_id", sa.UnicodeText(), nullable=True),
        sa.Column("adviser_id", sa.UnicodeText(), nullable=True),
        sa.Column("siren", sa.UnicodeText(), nullable=True),
        sa.Column("kind", sa.UnicodeText(), nullable=True),
        sa.Column("departement", sa.UnicodeText(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("state", sa.UnicodeText(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kits", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("steps_total", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("current_phase", sa.UnicodeText(), nullable=True),
        sa.Column("late_steps", sa.Integer(), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "measures", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.ForeignKeyConstraint(["adviser_id"], ["user.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["challenge_application.id"], ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["challenge_cohort.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["group.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "cohort_id", "organization_id", name="challenge_participant_once"
        ),
    )
    op.create_table(
        "challenge_step_status",
        sa.Column("id", sa.UnicodeText(), nullable=False),
        sa.Column("participant_id", sa.UnicodeText(), nullable=False),
        sa.Column("step", sa.UnicodeText(), nullable=False),
        sa.Column("state", sa.UnicodeText(), nullable=False),
        sa.Column("source", sa.UnicodeText(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("target", sa.Float(), nullable=True),
        sa.Column(
            "why_not", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("evidence_url", sa.UnicodeText(), nullable=True),
        sa.Column("evidence_file", sa.UnicodeText(), nullable=True),
        sa.Column("note", sa.UnicodeText(), nullable=True),
        sa.Column("planned_for", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.UnicodeText(), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["challenge_participant.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["updated_by"], ["user.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("participant_id", "step", name="challenge_step_once"),
    )
    op.create_index(
        "challenge_collectivite_departement_idx",
        "challenge_collectivite",
        ["departement"],
        unique=False,
    )
    op.create_index(
        "challenge_collectivite_insee_code_idx",
        "challenge_collectivite",
        ["insee_code"],
        unique=False,
    )
    op.create_index(
        "challenge_collectivite_postcodes_idx",
        "challenge_collectivite",
        ["postcodes"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "challenge_collectivite_search_key_idx",
        "challenge_collectivite",
        ["search_key"],
        unique=False,
    )
    op.create_index(
        "challenge_journal_object_idx",
        "challenge_journal",
        ["object_type", "object_id"],
        unique=False,
    )
    op.create_index(
        "challenge_application_cohort_state_idx",
        "challenge_application",
        ["cohort_id", "state"],
        unique=False,
    )
    op.create_index(
        "challenge_application_live_siren_idx",
        "challenge_application",
        ["cohort_id", "siren"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('withdrawn', 'refused')"),
    )
    op.create_index(
        "challenge_application_organization_id_idx",
        "challenge_application",
        ["organization_id"],
        unique=False,
    )
    op.create_index(
        "challenge_application_user_id_idx",
        "challenge_application",
        ["user_id"],
        unique=False,
    )
    op.create_index(
        "challenge_award_cohort_id_idx", "challenge_award", ["cohort_id"], unique=False
    )
    op.create_index(
        "challenge_award_live_idx",
        "challenge_award",
        ["badge", "organization_id", sa.literal_column("coalesce(cohort_id, '')")],
        unique=True,
        postgresql_where=sa.text("state <> 'revoked'"),
    )
    op.create_index(
        "challenge_award_organization_id_idx",
        "challenge_award",
        ["organization_id"],
        unique=False,
    )
    op.create_index(
        "challenge_staff_user_id_idx", "challenge_staff", ["user_id"], unique=False
    )
    op.create_index(
        "challenge_conformity_status_idx",
        "challenge_conformity",
        ["status"],
        unique=False,
    )
    op.create_index(
        "challenge_participant_organization_id_idx",
        "challenge_participant",
        ["organization_id"],
        unique=False,
    )

    # CKAN has no index on the owner of a dataset: counting one organization's
    # datasets would read the whole table.
    op.create_index("challenge_package_owner_org_idx", "package", ["owner_org"])


def downgrade() -> None:
    op.drop_index("challenge_package_owner_org_idx", table_name="package")
    for table in TABLES:
        op.drop_table(table)

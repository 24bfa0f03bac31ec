"""Files are checked again that were before publishers were compared.

Their reports say that they conform whomever they name. Only those of schemas with a
column for the publisher, as they were when this migration was written.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SCHEMAS = (
    "scdl/budget",
    "scdl/catalogue",
    "scdl/deliberations",
    "scdl/equipements",
    "scdl/prenoms",
    "scdl/subventions",
)


def upgrade() -> None:
    # The nightly command queues what has not been checked; verdicts count till then.
    reports = sa.table(
        "challenge_conformity",
        sa.column("schema", sa.UnicodeText()),
        sa.column("checked_at", sa.DateTime(timezone=True)),
    )
    op.execute(
        reports.update()
        .where(reports.c.schema.in_(_SCHEMAS))
        .values(checked_at=sa.null())
    )


def downgrade() -> None:
    # When they were checked is not known any more; the code before checks them again.
    pass

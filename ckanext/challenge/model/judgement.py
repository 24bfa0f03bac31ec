"""What each organization was last judged by."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped


class Judgement(tk.BaseModel):
    """The digest of all that the last judgement of an organization followed from.

    As long as its digest stays the same, judging the organization again would change
    nothing. A row may be deleted at any time: its organization is judged again.
    """

    __table__ = sa.Table(
        "challenge_judgement",
        tk.BaseModel.metadata,
        sa.Column(
            "organization_id",
            sa.UnicodeText,
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        # SHA-256, in hexadecimal digits.
        sa.Column("digest", sa.UnicodeText, nullable=False),
    )

    organization_id: Mapped[str]
    digest: Mapped[str]

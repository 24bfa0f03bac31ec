"""What was last measured of an organization, whether it takes part or not."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import json_column, time_column


class Standing(tk.BaseModel):
    """Where an organization stands towards the badges that need no season.

    ``measures`` are values by name, ``why_not`` what keeps each badge from being
    earned, by its key: the ``as_dict`` of findings.
    """

    __table__ = sa.Table(
        "challenge_standing",
        tk.BaseModel.metadata,
        sa.Column(
            "organization_id",
            sa.UnicodeText,
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        json_column("measures", dict),
        json_column("why_not", dict),
        time_column("evaluated_at", nullable=False),
    )

    organization_id: Mapped[str]
    measures: Mapped[dict[str, float]]
    why_not: Mapped[dict[str, list[dict[str, object]]]]
    evaluated_at: Mapped[dt.datetime]

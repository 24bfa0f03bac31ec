"""When the public could see a dataset for the first time."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import time_column


class Opening(tk.BaseModel):
    """The night on which a dataset was seen to be public, for the first time.

    CKAN knows when a dataset was made, which may be long before it is public.
    """

    __table__ = sa.Table(
        "challenge_opening",
        tk.BaseModel.metadata,
        sa.Column(
            "dataset_id",
            sa.UnicodeText,
            sa.ForeignKey("package.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        time_column("opened_at", nullable=False),
        sa.Index("challenge_opening_opened_at_idx", "opened_at"),
    )

    dataset_id: Mapped[str]
    opened_at: Mapped[dt.datetime]

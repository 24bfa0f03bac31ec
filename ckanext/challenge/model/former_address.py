"""Names that were addresses once, and of what."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import time_column, utcnow


class FormerAddress(tk.BaseModel):
    """A name that a season or an organization had, and has no more.

    ``kind`` is ``cohort`` or ``organization``; ``object_id`` whose name it was the
    last. It stays when that is gone, and then leads nowhere.
    """

    __table__ = sa.Table(
        "challenge_former_address",
        tk.BaseModel.metadata,
        sa.Column("kind", sa.UnicodeText, primary_key=True),
        sa.Column("name", sa.UnicodeText, primary_key=True),
        sa.Column("object_id", sa.UnicodeText, nullable=False),
        time_column("left_at", nullable=False, default=utcnow),
    )

    kind: Mapped[str]
    name: Mapped[str]
    object_id: Mapped[str]
    left_at: Mapped[dt.datetime]

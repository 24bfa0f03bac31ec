"""Names that were addresses once, and of what."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import time_column, utcnow


class FormerAddress(tk.BaseModel):
    """A name that a season, an organization or a collectivité had, and has no more.

    ``kind`` is ``cohort``, ``organization`` or ``collectivite``; ``object_id`` whose
    name it was the last: the id of the season or of the organization or, where that
    was purged, the SIREN that it had. The name of a collectivité is its SIREN, and
    ``object_id`` that of the one that replaced it.
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

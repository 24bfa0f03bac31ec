"""The journal: append-only, each row chained to the one before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import json_column, time_column


class JournalEntry(tk.BaseModel):
    """What was done, by whom, to which object.

    ``actor`` is a user's id, or ``system``; it is no foreign key, so that the
    journal outlives the user. ``digest`` is the SHA-256 of the row and of the
    digest of the row before it.
    """

    __table__ = sa.Table(
        "challenge_journal",
        tk.BaseModel.metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        time_column("at", nullable=False),
        sa.Column("actor", sa.UnicodeText, nullable=False),
        sa.Column("action", sa.UnicodeText, nullable=False),
        sa.Column("object_type", sa.UnicodeText, nullable=False),
        sa.Column("object_id", sa.UnicodeText, nullable=False),
        json_column("data", dict),
        sa.Column("digest", sa.UnicodeText, nullable=False),
        sa.Index("challenge_journal_object_idx", "object_type", "object_id"),
    )

    id: Mapped[int]
    at: Mapped[dt.datetime]
    actor: Mapped[str]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[str]
    data: Mapped[dict[str, Any]]
    digest: Mapped[str]

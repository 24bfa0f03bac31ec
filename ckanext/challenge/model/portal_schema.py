"""Table Schemas that a portal added to the national ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import json_column, key_column, time_column, utcnow


class PortalSchema(tk.BaseModel):
    """A Table Schema of the portal itself.

    ``id`` is what a resource's ``schema`` field holds, such as ``local/bancs``.
    ``document`` is the file as it was given.
    """

    __table__ = sa.Table(
        "challenge_schema",
        tk.BaseModel.metadata,
        sa.Column("id", sa.UnicodeText, primary_key=True),
        json_column("document", dict),
        key_column("user_id", "user.id"),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow),
        # Two ids that differ by capitals would be one for people.
        sa.Index("challenge_schema_id_idx", sa.text("lower(id)"), unique=True),
    )

    id: Mapped[str]
    document: Mapped[dict[str, Any]]
    user_id: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]

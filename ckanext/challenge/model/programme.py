"""Programmes as they were when a season began with them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .base import time_column, utcnow


class KeptProgramme(tk.BaseModel):
    """A copy of a programme, by the digest of its content; never changed.

    ``document`` is what its file held, with the kits of the file that it names.
    """

    __table__ = sa.Table(
        "challenge_programme",
        tk.BaseModel.metadata,
        sa.Column("digest", sa.UnicodeText, primary_key=True),
        sa.Column("name", sa.UnicodeText, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", JSONB, nullable=False),
        time_column("kept_at", nullable=False, default=utcnow),
    )

    digest: Mapped[str]
    name: Mapped[str]
    version: Mapped[int]
    document: Mapped[dict[str, Any]]
    kept_at: Mapped[dt.datetime]

    @classmethod
    def get(cls, digest: str | None) -> KeptProgramme | None:
        """The copy with that digest."""
        return model.Session.get(cls, digest) if digest else None

"""Lists of revoked credentials, as they were last signed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .base import key_column, time_column


class StatusList(tk.BaseModel):
    """A Bitstring Status List, so that pages need no private key to answer it.

    ``number`` counts the lists from 0; each tells of as many credentials as
    ``LIST_SIZE`` says, by their ``status_index``.
    """

    __table__ = sa.Table(
        "challenge_status_list",
        tk.BaseModel.metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        key_column("key_id", "challenge_signing_key.id"),
        sa.Column("document", JSONB, nullable=False),
        sa.Column("jwt", sa.UnicodeText, nullable=False),
        time_column("signed_at", nullable=False),
    )

    number: Mapped[int]
    key_id: Mapped[str | None]
    document: Mapped[dict[str, Any]]
    jwt: Mapped[str]
    signed_at: Mapped[dt.datetime]

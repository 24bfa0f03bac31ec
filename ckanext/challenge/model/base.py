"""What all tables of the extension share: text ids, UTC times, JSON."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

__all__ = ["id_column", "json_column", "make_id", "time_column", "utcnow"]


def make_id() -> str:
    """A new random UUID, as text."""
    return str(uuid.uuid4())


def utcnow() -> datetime:
    """Now, aware of its zone (UTC)."""
    return datetime.now(timezone.utc)


def id_column() -> sa.Column[Any]:
    return sa.Column("id", sa.UnicodeText, primary_key=True, default=make_id)


def time_column(name: str, **kwargs: Any) -> sa.Column[Any]:
    """A moment in UTC."""
    return sa.Column(name, sa.DateTime(timezone=True), **kwargs)


def json_column(name: str, default: Any) -> sa.Column[Any]:
    """A JSONB column that is never null; ``default`` is ``list`` or ``dict``."""
    empty = "[]" if default is list else "{}"
    return sa.Column(
        name,
        JSONB,
        nullable=False,
        default=default,
        server_default=sa.text(f"'{empty}'::jsonb"),
    )

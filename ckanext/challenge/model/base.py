"""What all tables of the extension share: text ids, UTC times, JSON."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def make_id() -> str:
    """A new random UUID, as text."""
    return str(uuid.uuid4())


def is_id(reference: str) -> bool:
    """Whether a reference looks like an id, and not like a name."""
    return _ID.fullmatch(reference) is not None


def utcnow() -> datetime:
    """Now, aware of its zone (UTC)."""
    return datetime.now(timezone.utc)


def id_column() -> sa.Column[Any]:
    return sa.Column("id", sa.UnicodeText, primary_key=True, default=make_id)


def key_column(
    name: str, target: str, *, needed: bool = False, with_it: bool = False
) -> sa.Column[Any]:
    """A foreign key.

    :param target: ``table.column``
    :param needed: whether the row makes no sense without it
    :param with_it: whether the row goes when what it points to goes; otherwise the
        pointer is emptied
    """
    return sa.Column(
        name,
        sa.UnicodeText,
        sa.ForeignKey(target, ondelete="CASCADE" if with_it else "SET NULL"),
        nullable=not needed,
    )


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

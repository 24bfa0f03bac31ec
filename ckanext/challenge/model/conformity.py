"""What the check of a resource against its national schema found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped

from ckanext.challenge.domain.verdicts import BROKE

from .base import json_column, time_column


class Conformity(tk.BaseModel):
    """The last report on one resource.

    ``status`` is ``valid``, ``invalid``, ``error`` (the file could not be read),
    ``pending`` or ``unknown_schema``.
    """

    __table__ = sa.Table(
        "challenge_conformity",
        tk.BaseModel.metadata,
        sa.Column(
            "resource_id",
            sa.UnicodeText,
            sa.ForeignKey("resource.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("schema", sa.UnicodeText, nullable=False),
        sa.Column("status", sa.UnicodeText, nullable=False),
        sa.Column("rows", sa.Integer),
        json_column("errors", list),
        sa.Column("error_count", sa.Integer, nullable=False, default=0),
        # The problems by kind and column, each counted: all, where errors keeps some.
        json_column("groups", list),
        # Whether a limit was reached before the end of the file.
        sa.Column(
            "partial",
            sa.Boolean,
            nullable=False,
            default=False,
            server_default=sa.false(),
        ),
        # How the file is written.
        sa.Column("encoding", sa.UnicodeText),
        sa.Column("separator", sa.UnicodeText),
        time_column("checked_at"),
        sa.Index("challenge_conformity_status_idx", "status"),
    )

    resource_id: Mapped[str]
    schema: Mapped[str]
    status: Mapped[str]
    rows: Mapped[int | None]
    errors: Mapped[list[dict[str, Any]]]
    error_count: Mapped[int]
    groups: Mapped[list[dict[str, Any]]]
    partial: Mapped[bool]
    encoding: Mapped[str | None]
    separator: Mapped[str | None]
    checked_at: Mapped[dt.datetime | None]

    @property
    def is_own_fault(self) -> bool:
        """Whether the check broke, which says nothing of the file."""
        return bool(self.errors) and self.errors[0]["type"] == BROKE

    @classmethod
    def get(cls, resource_id: str | None) -> Conformity | None:
        """The report on that resource."""
        return model.Session.get(cls, resource_id) if resource_id else None

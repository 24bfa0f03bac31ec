"""A spreadsheet on its way to a file that conforms, and what is remembered of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .base import id_column, json_column, key_column, time_column, utcnow


class Preparation(tk.BaseModel):
    """A workbook of an organization, to become a file of a kit.

    The workbook itself lies in the store of files, under the row's id, until it is
    published or erased. ``found`` is what was made of it with the choices of people,
    which all others columns hold; it can be made again.

    ``state`` is one of :data:`~ckanext.challenge.domain.lifecycle.PREPARATION`.
    """

    __table__ = sa.Table(
        "challenge_preparation",
        tk.BaseModel.metadata,
        id_column(),
        key_column("organization_id", "group.id", needed=True, with_it=True),
        sa.Column("kit", sa.UnicodeText, nullable=False),
        key_column("user_id", "user.id"),
        sa.Column("state", sa.UnicodeText, nullable=False, default="reading"),
        # Why it failed: a code of common.workbooks.NotATable, or "broken".
        sa.Column("reason", sa.UnicodeText),
        sa.Column("source_name", sa.UnicodeText, nullable=False, default=""),
        # SHA-256 of the workbook, in hexadecimal digits.
        sa.Column("digest", sa.UnicodeText),
        # The sheets that a person chose; none chosen where null.
        sa.Column("sheets", JSONB(none_as_null=True)),
        sa.Column("header_row", sa.Integer),
        json_column("mapping", dict),
        json_column("constants", dict),
        json_column("repairs", dict),
        json_column("edits", list),
        json_column("taken_back", list),
        json_column("found", dict),
        key_column("dataset_id", "package.id"),
        key_column("resource_id", "resource.id"),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("updated_at", nullable=False, default=utcnow),
        time_column("expires_at", nullable=False),
        # When its author was told that it waits; not at all where null.
        time_column("reminded_at"),
        sa.Index(
            "challenge_preparation_organization_idx", "organization_id", "updated_at"
        ),
        sa.Index("challenge_preparation_expires_idx", "expires_at"),
    )

    id: Mapped[str]
    organization_id: Mapped[str]
    kit: Mapped[str]
    user_id: Mapped[str | None]
    state: Mapped[str]
    reason: Mapped[str | None]
    source_name: Mapped[str]
    digest: Mapped[str | None]
    sheets: Mapped[list[str] | None]
    header_row: Mapped[int | None]
    mapping: Mapped[dict[str, str | None]]
    constants: Mapped[dict[str, str]]
    repairs: Mapped[dict[str, bool | str]]
    edits: Mapped[list[dict[str, Any]]]
    taken_back: Mapped[list[dict[str, Any]]]
    found: Mapped[dict[str, Any]]
    dataset_id: Mapped[str | None]
    resource_id: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    reminded_at: Mapped[dt.datetime | None]

    @classmethod
    def get(cls, id_: str | None) -> Preparation | None:
        """The preparation of that id."""
        return model.Session.get(cls, id_) if id_ else None


class PreparationMemory(tk.BaseModel):
    """What the people of an organization agreed to the last time, for a kit.

    ``columns`` is by the key of a header the field that it is, or nothing;
    ``constants`` is by field what they typed for all rows; ``answers`` is by the key of
    a repair which reading was right; ``known`` is by field, then by the key of a name
    of the table, what was published beside it.
    """

    __table__ = sa.Table(
        "challenge_preparation_memory",
        tk.BaseModel.metadata,
        sa.Column(
            "organization_id",
            sa.UnicodeText,
            sa.ForeignKey("group.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kit", sa.UnicodeText, primary_key=True),
        json_column("columns", dict),
        json_column("constants", dict),
        json_column("answers", dict),
        json_column("known", dict),
        time_column("updated_at", nullable=False, default=utcnow),
    )

    organization_id: Mapped[str]
    kit: Mapped[str]
    columns: Mapped[dict[str, str | None]]
    constants: Mapped[dict[str, str]]
    answers: Mapped[dict[str, bool | str]]
    known: Mapped[dict[str, dict[str, str]]]
    updated_at: Mapped[dt.datetime]

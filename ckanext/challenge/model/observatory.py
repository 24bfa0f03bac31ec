"""What is known of each collectivité of the directory, now and month by month."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from .base import json_column, key_column, time_column, utcnow


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=False, default=0, server_default="0")


def _names(name: str) -> sa.Column[Any]:
    return sa.Column(
        name,
        ARRAY(sa.UnicodeText),
        nullable=False,
        default=list,
        server_default=sa.text("'{}'::text[]"),
    )


class Observed(tk.BaseModel):
    """What a collectivité of the directory has opened here, as last evaluated.

    ``organization_id`` is the organization that carries its SIREN (of several, the one
    with the most datasets); the figures are those of all of them. ``datasets`` are
    public; ``conforming`` and ``fresh`` are how many of these the measures of these
    names count. ``badges`` are the keys of those it holds, ``seasons`` the names of
    those it takes part in, or took part in. ``agents`` are full-time equivalents, as
    the collectivité declares them on its page. ``changed_at`` is when any of it
    changed.
    """

    __table__ = sa.Table(
        "challenge_observatory",
        tk.BaseModel.metadata,
        sa.Column(
            "code",
            sa.UnicodeText,
            sa.ForeignKey("challenge_collectivite.code", ondelete="CASCADE"),
            primary_key=True,
        ),
        key_column("organization_id", "group.id"),
        sa.Column("agents", sa.Numeric(8, 2)),
        _count("datasets"),
        _count("conforming"),
        _count("fresh"),
        time_column("first_published_at"),
        time_column("last_published_at"),
        _names("badges"),
        _names("seasons"),
        time_column("changed_at", nullable=False, default=utcnow),
        sa.Index("challenge_observatory_organization_id_idx", "organization_id"),
        sa.Index("challenge_observatory_changed_at_idx", "changed_at"),
    )

    code: Mapped[str]
    organization_id: Mapped[str | None]
    agents: Mapped[Decimal | None]
    datasets: Mapped[int]
    conforming: Mapped[int]
    fresh: Mapped[int]
    first_published_at: Mapped[dt.datetime | None]
    last_published_at: Mapped[dt.datetime | None]
    badges: Mapped[list[str]]
    seasons: Mapped[list[str]]
    changed_at: Mapped[dt.datetime]


class Elsewhere(tk.BaseModel):
    """Open data that a collectivité publishes on another portal, as somebody counted.

    One row per collectivité and source. ``number`` of datasets on the day
    ``counted_on``; ``url`` where they are, if it is known.
    """

    __table__ = sa.Table(
        "challenge_elsewhere",
        tk.BaseModel.metadata,
        sa.Column("siren", sa.UnicodeText, primary_key=True),
        sa.Column("source", sa.UnicodeText, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("counted_on", sa.Date, nullable=False),
        sa.Column("url", sa.UnicodeText),
        time_column("imported_at", nullable=False, default=utcnow),
        sa.Index("challenge_elsewhere_imported_at_idx", "imported_at"),
    )

    siren: Mapped[str]
    source: Mapped[str]
    number: Mapped[int]
    counted_on: Mapped[dt.date]
    url: Mapped[str | None]
    imported_at: Mapped[dt.datetime]


class ObservatorySnapshot(tk.BaseModel):
    """The observatory's figures at a moment: written once, and never changed after.

    ``occasion`` is ``month``, ``quarter`` or ``season``, and ``period`` which one:
    ``2026-11``, ``2026-Q3`` or the name of the season. ``level`` is ``all``,
    ``departement``, ``kind``, ``size`` or ``epci``, and ``value`` which one (empty for
    ``all``). ``month`` is the first day of the month in which it was taken. The
    database itself refuses to change a row.
    """

    __table__ = sa.Table(
        "challenge_observatory_snapshot",
        tk.BaseModel.metadata,
        sa.Column("occasion", sa.UnicodeText, primary_key=True),
        sa.Column("period", sa.UnicodeText, primary_key=True),
        sa.Column("level", sa.UnicodeText, primary_key=True),
        sa.Column("value", sa.UnicodeText, primary_key=True),
        sa.Column("month", sa.Date, nullable=False),
        json_column("figures", dict),
        time_column("taken_at", nullable=False, default=utcnow),
        sa.Index(
            "challenge_observatory_snapshot_level_idx", "level", "value", "occasion"
        ),
    )

    occasion: Mapped[str]
    period: Mapped[str]
    level: Mapped[str]
    value: Mapped[str]
    month: Mapped[dt.date]
    figures: Mapped[dict[str, Any]]
    taken_at: Mapped[dt.datetime]

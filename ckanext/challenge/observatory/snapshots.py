"""The figures month by month: written once, never changed after.

A month's snapshot is taken by the first nightly command of the month, a quarter's by
the first one after its end, a season's as it finishes.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.domain import eligibility
from ckanext.challenge.model import ObservatorySnapshot
from ckanext.challenge.model.base import utcnow

from . import figures

Occasion = Literal["month", "quarter", "season"]

_table: Any = ObservatorySnapshot.__table__

#: A snapshot that is missing is replaced by one of so many months before, at most.
_PATIENCE = 2


class Taken(NamedTuple):
    """A snapshot that was taken.

    :ivar period: which month, quarter or season
    :ivar rows: how many sets of figures it keeps; none where it was there already
    """

    occasion: Occasion
    period: str
    rows: int


def due(today: dt.date | None = None) -> list[Taken]:
    """Take what is missing today, in the current transaction.

    :param today: the day that it is, to try another one
    """
    today = today or config.today()
    taken = [
        _take("month", month_of(today), today),
        _take("quarter", _quarter_before(today), today),
    ]
    return [one for one in taken if one.rows]


def of_season(name: str, today: dt.date | None = None) -> Taken:
    """Keep the figures with which a season ends, in the current transaction.

    :param name: of the season; one that finished before keeps those of the first time
    :param today: the day that it is, to try another one
    """
    return _take("season", name, today or config.today())


def month_of(day: dt.date) -> str:
    """The name of the month of a day: ``2026-11``."""
    return f"{day:%Y-%m}"


def _quarter_before(day: dt.date) -> str:
    """The quarter that had ended by a day: ``2026-Q3``."""
    last = day.replace(month=day.month - (day.month - 1) % 3, day=1) - dt.timedelta(1)
    return f"{last.year}-Q{(last.month + 2) // 3}"


def _take(occasion: Occasion, period: str, today: dt.date) -> Taken:
    there = sa.select(_table.c.period).where(
        _table.c.occasion == occasion, _table.c.period == period
    )
    if model.Session.execute(there.limit(1)).first() is not None:
        return Taken(occasion, period, 0)
    found = figures.by_level(figures.observed())
    if not found.all.get("collectivites"):
        # The directory is still to be loaded: nothing would be kept for ever.
        return Taken(occasion, period, 0)
    rows = [{"level": "all", "value": "", "figures": found.all}]
    rows += [
        {"level": level, "value": value, "figures": part}
        for level, parts in found.parts.items()
        for value, part in parts.items()
    ]
    # Of two that take it at the same moment, the first one's is kept.
    stored: Any = model.Session.execute(
        sa.text(
            """
            INSERT INTO challenge_observatory_snapshot (
                occasion, period, level, value, month, figures, taken_at
            )
            SELECT :occasion, :period, new.level, new.value, :month, new.figures, :now
            FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
                level text, value text, figures jsonb
            )
            ORDER BY new.level, new.value
            ON CONFLICT DO NOTHING
            """
        ),
        {
            "occasion": occasion,
            "period": period,
            "month": today.replace(day=1),
            "rows": json.dumps(rows),
            "now": utcnow(),
        },
    )
    return Taken(occasion, period, stored.rowcount)


def a_year_before(today: dt.date, level: str, value: str) -> dict[str, Any] | None:
    """The figures of twelve months ago, or of the nearest month before.

    :returns: with ``month``, by the rule that is in force now; none where there was no
        observatory yet
    """
    month = today.replace(day=1, year=today.year - 1)
    row = model.Session.execute(
        sa.select(_table.c.period, _table.c.figures)
        .where(
            _table.c.occasion == "month",
            _table.c.level == level,
            _table.c.value == value,
            _table.c.month <= month,
            _table.c.month >= _months_before(month, _PATIENCE),
        )
        .order_by(_table.c.month.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    read = eligibility.read_under(row.figures, config.obligation_rule())
    return {"month": row.period, **read}


def _months_before(month: dt.date, number: int) -> dt.date:
    at = month.year * 12 + month.month - 1 - number
    return dt.date(at // 12, at % 12 + 1, 1)


def history(
    occasion: str, level: str, value: str, limit: int, offset: int
) -> tuple[list[Any], int]:
    """The snapshots of a set, the latest first: ``period, month, taken_at, figures``.

    :returns: a page of them, and how many there are
    """
    query = sa.select(
        _table.c.period,
        _table.c.month,
        _table.c.taken_at,
        _table.c.figures,
        sa.func.count().over().label("total"),
    ).where(
        _table.c.occasion == occasion, _table.c.level == level, _table.c.value == value
    )
    rows = model.Session.execute(
        query.order_by(_table.c.month.desc(), _table.c.taken_at.desc())
        .limit(limit)
        .offset(offset)
    ).all()
    if rows or not offset:
        return list(rows), rows[0].total if rows else 0
    count = sa.select(sa.func.count()).select_from(query.subquery())
    return [], model.Session.execute(count).scalar() or 0

"""The observatory's past: what the dates of the demonstration say of each month.

As if the portal had kept the figures every month. They are computed from the datasets,
badges and participants of that day; when they were really computed is kept with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.model import Elsewhere, ObservatorySnapshot
from ckanext.challenge.observatory import elsewhere, snapshots, store

#: How many months are kept, before the present one.
MONTHS = 24
SOURCE = "data.gouv.fr (démonstration)"
#: How many of the largest collectivités without an organization publish elsewhere.
_ELSEWHERE = 5


def make_past(today: dt.date, finished: dict[str, dt.date]) -> None:
    """Keep the figures of the months before, and those with which seasons finished.

    :param today: the day from which the demonstration's dates count
    :param finished: the day on which a season finished, by its name
    """
    # What was kept as the demonstration let them finish is of today.
    _forget("season", finished)
    for name, day in finished.items():
        _as_of(day)
        snapshots.of_season(name, day)
    for back in range(MONTHS, -1, -1):
        month = _month(today, back)
        _as_of(month)
        snapshots.due(month)
    store.refresh()
    _count_elsewhere(today)
    model.Session.commit()


def forget(today: dt.date, seasons: Iterable[str]) -> None:
    """Take away what :func:`make_past` kept."""
    months = [_month(today, back) for back in range(MONTHS + 1)]
    model.Session.execute(
        sa.delete(ObservatorySnapshot).where(
            ObservatorySnapshot.occasion.in_(["month", "quarter"]),
            ObservatorySnapshot.month.in_(months),
        )
    )
    _forget("season", seasons)
    model.Session.execute(sa.delete(Elsewhere).where(Elsewhere.source == SOURCE))
    store.refresh()
    model.Session.commit()


def _month(today: dt.date, back: int) -> dt.date:
    at = today.year * 12 + today.month - 1 - back
    return dt.date(at // 12, at % 12 + 1, 1)


def _as_of(day: dt.date) -> None:
    """Have the figures be those of the beginning of a day."""
    store.refresh(
        until=dt.datetime.combine(day, dt.time(), tzinfo=config.display_timezone())
    )


def _forget(occasion: str, periods: Iterable[str]) -> None:
    model.Session.execute(
        sa.delete(ObservatorySnapshot).where(
            ObservatorySnapshot.occasion == occasion,
            ObservatorySnapshot.period.in_(sorted(periods)),
        )
    )


def _count_elsewhere(today: dt.date) -> None:
    """Have some of the largest publish on another portal, too."""
    rows = model.Session.execute(
        sa.text(
            """
            SELECT c.siren FROM challenge_collectivite c
            JOIN challenge_observatory o ON o.code = c.code
            WHERE o.organization_id IS NULL AND c.kind = 'commune'
            ORDER BY c.population DESC NULLS LAST LIMIT :most
            """
        ),
        {"most": _ELSEWHERE},
    ).scalars()
    lines = [f"{siren},{12 - 2 * at}" for at, siren in enumerate(rows)]
    text = "\n".join(["siren,count", *lines])
    elsewhere.import_file(text, today, source=SOURCE, date=today - dt.timedelta(45))

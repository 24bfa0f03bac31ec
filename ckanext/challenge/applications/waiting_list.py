"""The waiting list of a season: who waits, in which order.

The ranks are those that people are shown: from 1, without a gap.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import Application


def query(cohort_id: str) -> Any:
    """A query of those who wait, the next one first."""
    return (
        model.Session.query(Application)
        .filter_by(cohort_id=cohort_id, state="waitlisted")
        .order_by(Application.waitlist_rank)
    )


def _locked(waiting: Any) -> Any:
    """Read anew, and kept from everybody else until the end of the transaction."""
    return waiting.populate_existing().with_for_update(key_share=True)


def may_be_next(cohort_id: Any) -> list[sa.ColumnElement[bool]]:
    """Whose place in the list counts: somebody whose refusal is pending is passed
    over.
    """
    rows: Any = Application.__table__.c
    return [
        rows.cohort_id == cohort_id,
        rows.state == "waitlisted",
        rows.pending_decision["decision"].astext.is_distinct_from("refuse"),
    ]


def head(cohort_id: str, locked: bool = False) -> Application | None:
    """Who is next; see :func:`may_be_next`.

    :param locked: keep the application from everybody else
    """
    waiting = query(cohort_id).filter(*may_be_next(cohort_id))
    return (_locked(waiting) if locked else waiting).first()


def next_rank(cohort_id: str) -> int:
    """The position at the end of the list."""
    last = (
        model.Session.query(sa.func.max(Application.waitlist_rank))
        .filter_by(cohort_id=cohort_id)
        .scalar()
    )
    return (last or 0) + 1


def join(application: Application) -> None:
    """Put somebody at the end of the list; the season is locked by the caller."""
    application.waitlist_rank = next_rank(application.cohort_id)


def leave(application: Application) -> None:
    """Take somebody off the list, if there; the season is locked by the caller.

    Call it before anything is written in the journal: those behind move up, and
    nobody may wait for their rows while others wait for the journal.
    """
    rank = application.waitlist_rank
    if rank is None:
        return
    application.waitlist_rank = None
    model.Session.flush()
    rows = Application.__table__
    # Past the ORM: to move up is no change of the application itself.
    model.Session.execute(
        sa.update(rows)
        .where(rows.c.cohort_id == application.cohort_id, rows.c.waitlist_rank > rank)
        .values(waitlist_rank=rows.c.waitlist_rank - 1, updated_at=rows.c.updated_at)
    )


def position(application: Application) -> int | None:
    """Where somebody is on the list, 1 being next; ``None`` for who is not on it."""
    return application.waitlist_rank if application.state == "waitlisted" else None


def move(application: Application, place: int) -> tuple[int, int]:
    """Give somebody another position; the season is locked by the caller.

    :param place: from 1; beyond the end means the end
    :returns: the positions before and after
    """
    order = _locked(query(application.cohort_id)).all()
    before = order.index(application) + 1
    order.remove(application)
    after = min(place, len(order) + 1)
    order.insert(after - 1, application)
    for rank, waiting in enumerate(order, 1):
        waiting.waitlist_rank = rank
    return before, after

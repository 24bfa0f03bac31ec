"""The waiting list of a season: who waits, in which order.

The stored ranks order the list and may have gaps: somebody who leaves it moves nobody
else. What people are shown is the position, counted from 1.
"""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import Application

__all__ = ["head", "members", "move", "next_rank", "position"]


def members(cohort_id: str, locked: bool = False) -> list[Application]:
    """Those who wait, the next one first.

    :param locked: read them anew and keep them from everybody else
    """
    found = (
        model.Session.query(Application)
        .filter_by(cohort_id=cohort_id, state="waitlisted")
        .order_by(Application.waitlist_rank, Application.submitted_at, Application.id)
    )
    if locked:
        found = found.populate_existing().with_for_update(key_share=True)
    return found.all()


def head(cohort_id: str, locked: bool = False) -> Application | None:
    """Who is next; somebody whose refusal is pending is passed over."""
    for application in members(cohort_id, locked):
        pending = application.pending_decision
        if pending is None or pending["decision"] != "refuse":
            return application
    return None


def next_rank(cohort_id: str) -> int:
    """The rank after the last one; the season is locked by the caller."""
    rank = (
        model.Session.query(sa.func.max(Application.waitlist_rank))
        .filter_by(cohort_id=cohort_id, state="waitlisted")
        .scalar()
    )
    return (rank or 0) + 1


def position(application: Application) -> int | None:
    """Where somebody is on the list, 1 being next; ``None`` for who is not on it."""
    if application.state != "waitlisted" or application.waitlist_rank is None:
        return None
    before = (
        model.Session.query(Application.id)
        .filter(
            Application.cohort_id == application.cohort_id,
            Application.state == "waitlisted",
            Application.waitlist_rank < application.waitlist_rank,
        )
        .count()
    )
    return before + 1


def move(application: Application, place: int) -> tuple[int, int]:
    """Give somebody another position; the season is locked by the caller.

    :param place: from 1; beyond the end means the end
    :returns: the positions before and after
    """
    order = members(application.cohort_id, locked=True)
    before = order.index(application) + 1
    order.remove(application)
    after = min(place, len(order) + 1)
    order.insert(after - 1, application)
    for rank, waiting in enumerate(order, 1):
        waiting.waitlist_rank = rank
    return before, after

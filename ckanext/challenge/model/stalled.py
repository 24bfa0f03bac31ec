"""Which participants are stalled: the rule of ``domain.stalled``, in SQL.

A test holds the two together, row by row.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.lifecycle import COHORT_LIVE
from ckanext.challenge.domain.stalled import UNOPENED_DAYS

from .cohort import Cohort
from .participant import Participant

_participants: Any = Participant.__table__.c
_cohorts: Any = Cohort.__table__.c
_users: Any = model.User


def last_seen() -> Any:
    """When one of those who publish for a participant was on the portal last, to
    select beside :class:`.Participant`; null where none of them ever was.
    """
    return (
        sa.select(sa.func.max(_users.last_active))
        .select_from(_users)
        .join(model.Member, model.Member.table_id == _users.id)
        .where(
            model.Member.group_id == _participants.organization_id,
            model.Member.table_name == "user",
            model.Member.state == "active",
            model.Member.capacity.in_(("admin", "editor")),
        )
        .correlate(Participant.__table__)
        .scalar_subquery()
    )


def conditions(days: Any, late_steps: Any, now: Any) -> dict[str, Any]:
    """Why a participant is stalled, one condition for each reason.

    For statements that have :class:`.Participant` joined with :class:`.Cohort`.

    :param days: of the portal's rules, for seasons that have none of their own: an
        expression, as the others
    :param late_steps: the same
    :param now: the moment that it is
    """

    def before(number: Any) -> Any:
        return now - sa.func.make_interval(0, 0, 0, number)

    goes_on = sa.and_(
        _participants.state == "active", _cohorts.state.in_(sorted(COHORT_LIVE))
    )
    most = sa.func.coalesce(_cohorts.stalled_late_steps, late_steps)
    since = sa.func.coalesce(_participants.last_activity_at, _participants.joined_at)
    return {
        "never": sa.and_(
            goes_on,
            _participants.joined_at < before(UNOPENED_DAYS),
            last_seen().is_(None),
        ),
        "silent": sa.and_(
            goes_on, since < before(sa.func.coalesce(_cohorts.stalled_days, days))
        ),
        "late": sa.and_(goes_on, most > 0, _participants.late_steps >= most),
    }

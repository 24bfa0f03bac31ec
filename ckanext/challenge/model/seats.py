"""Where somebody has a seat: on which teams, and in whose name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED

from .cohort import Cohort, Staff
from .participant import Participant

#: How many organizations are read: who has that many is asked for each.
MOST = 20

#: A row of a team says nothing of organizations, and the other way round.
_NOTHING = sa.cast(sa.null(), sa.UnicodeText)


def _statement() -> Any:
    user = sa.bindparam("user")
    teams = (
        sa.select(
            Staff.role,
            Cohort.id.label("id"),
            Cohort.name.label("name"),
            Cohort.state.label("state"),
            sa.false().label("takes_part"),
            sa.false().label("public"),
        )
        .join(Cohort, Cohort.id == Staff.cohort_id)
        .where(Staff.user_id == user)
    )
    counted = Participant.state.in_(PARTICIPANT_COUNTED)
    public = sa.func.bool_or(sa.and_(counted, Cohort.state != "draft"))
    own = (
        sa.select(
            _NOTHING.label("role"),
            model.Group.id.label("id"),
            model.Group.name.label("name"),
            _NOTHING.label("state"),
            sa.func.bool_or(counted).label("takes_part"),
            public.label("public"),
        )
        .join(Participant, Participant.organization_id == model.Group.id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .join(model.Member, model.Member.group_id == model.Group.id)
        .where(
            model.Member.table_name == "user",
            model.Member.table_id == user,
            model.Member.state == "active",
            model.Group.state == "active",
        )
        .group_by(model.Group.id, model.Group.name)
        .order_by(public.desc(), model.Group.id)
        .limit(MOST)
        .subquery()
    )
    return sa.union_all(teams, sa.select(own))


# Each page asks: it is put together once for a process.
_STATEMENT = _statement()


def of_user(user_id: str) -> Sequence[Any]:
    """The seats of somebody, in one statement.

    :returns: for each team a row with its ``role`` and the ``id``, ``name`` and
        ``state`` of the season; for each organization that is, or was, in one a row
        without a role, with its ``id``, its ``name`` and whether it ``takes_part`` in
        one now, and in one that is ``public``
    """
    return model.Session.execute(_STATEMENT, {"user": user_id}).all()

"""Where somebody has a seat: on which teams, and in whose name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED

from .cohort import Cohort, Staff
from .participant import Participant

#: A row of a team says nothing of organizations, and the other way round.
_NOTHING = sa.cast(sa.null(), sa.UnicodeText)


def _statement() -> Any:
    user = sa.bindparam("user")
    teams = (
        sa.select(
            Staff.cohort_id,
            Staff.role,
            Cohort.state,
            _NOTHING.label("organization_id"),
            sa.false().label("draft"),
        )
        .join(Cohort, Cohort.id == Staff.cohort_id)
        .where(Staff.user_id == user)
    )
    draft = sa.func.bool_and(Cohort.state == "draft")
    own = (
        sa.select(
            _NOTHING.label("cohort_id"),
            _NOTHING.label("role"),
            _NOTHING.label("state"),
            Participant.organization_id,
            draft.label("draft"),
        )
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .join(model.Member, model.Member.group_id == model.Group.id)
        .where(
            model.Member.table_name == "user",
            model.Member.table_id == user,
            model.Member.state == "active",
            model.Group.state == "active",
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
        .group_by(Participant.organization_id)
        .order_by(draft, Participant.organization_id)
        .limit(2)
        .subquery()
    )
    return sa.union_all(teams, sa.select(own))


# Each page asks: it is put together once for a process.
_STATEMENT = _statement()


def of_user(user_id: str) -> Sequence[Any]:
    """The seats of somebody, in one statement.

    :returns: for each team a row with ``cohort_id``, ``role`` and the season's
        ``state``, for organizations that take part in a season, two at most, rows with
        ``organization_id`` and ``draft`` (whether in drafts alone; those come last)
    """
    return model.Session.execute(_STATEMENT, {"user": user_id}).all()

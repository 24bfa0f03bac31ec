"""Whose word the steps of people stand on: who last said so, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from ckan import model

from .cohort import Staff
from .dictize import name_of
from .participant import Participant, StepStatus


class Answer(NamedTuple):
    """Who said that a step is done.

    :ivar by_id: the id of the account; none that is gone
    :ivar by: its name
    :ivar at: when
    :ivar team: whether that was somebody of the team of the season, or a sysadmin, who
        is no member of the organization
    """

    by_id: str | None
    by: str | None
    at: dt.datetime
    team: bool


#: A participant: the id of the cohort, and of the organization.
Place = tuple[str, str]


def of_steps(places: Collection[Place]) -> dict[Place, dict[str, Answer]]:
    """Read who said of steps that they are done, in one statement.

    :returns: for each place, by the key of the step; of the steps of people
    """
    found: dict[Place, dict[str, Answer]] = {place: {} for place in places}
    if not found:
        return found
    rows = model.Session.execute(
        sa.select(
            Participant.cohort_id,
            Participant.organization_id,
            StepStatus.step,
            StepStatus.updated_by,
            name_of(model.User),
            StepStatus.updated_at,
            _is_of_the_team(),
        )
        .select_from(Participant)
        .join(StepStatus, StepStatus.participant_id == Participant.id)
        .outerjoin(model.User, model.User.id == StepStatus.updated_by)
        .where(
            sa.tuple_(Participant.cohort_id, Participant.organization_id).in_(
                sorted(found)
            ),
            StepStatus.state == "done",
            StepStatus.source == "person",
        )
    )
    for row in rows:
        found[row[0], row[1]][row[2]] = Answer(*row[3:])
    return found


def _is_of_the_team() -> Any:
    member = sa.exists().where(
        model.Member.group_id == Participant.organization_id,
        model.Member.table_name == "user",
        model.Member.table_id == StepStatus.updated_by,
        model.Member.state == "active",
    )
    staff = sa.exists().where(
        Staff.cohort_id == Participant.cohort_id,
        Staff.user_id == StepStatus.updated_by,
    )
    sysadmin = sa.func.coalesce(model.User.sysadmin, False)
    return sa.and_(sa.or_(staff, sysadmin), ~member)


def by_team(answers: Mapping[str, Answer]) -> frozenset[str]:
    """The keys of the steps that somebody of the team said are done."""
    return frozenset(key for key, answer in answers.items() if answer.team)


def names(user_ids: Collection[str]) -> dict[str, str]:
    """The names of accounts as pages show them, by id; of those that there are."""
    if not user_ids:
        return {}
    rows = model.Session.execute(
        sa.select(model.User.id, name_of(model.User)).where(
            model.User.id.in_(sorted(user_ids))
        )
    )
    return {row[0]: row[1] for row in rows}

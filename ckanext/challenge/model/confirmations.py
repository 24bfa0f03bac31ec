"""Which steps an adviser confirmed: who, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa
from ckan import model

from .dictize import name_of
from .participant import Participant, StepStatus


class Confirmation(NamedTuple):
    """The word of an adviser.

    :ivar by: the name of who confirmed it; none whose account is gone
    :ivar at: when
    """

    by: str | None
    at: dt.datetime


def of_steps(
    cohort_id: str, organization_id: str, steps: Collection[str]
) -> dict[str, Confirmation]:
    """Read who confirmed steps of an organization in a cohort, in one statement.

    :param steps: the keys of those that the programme has confirmed
    :returns: by the key of the step; of those that are done
    """
    rows = model.Session.execute(
        sa.select(StepStatus.step, name_of(model.User), StepStatus.updated_at)
        .join(Participant, Participant.id == StepStatus.participant_id)
        .outerjoin(model.User, model.User.id == StepStatus.updated_by)
        .where(
            Participant.cohort_id == cohort_id,
            Participant.organization_id == organization_id,
            StepStatus.state == "done",
            StepStatus.step.in_(sorted(steps)),
        )
    )
    return {row[0]: Confirmation(row[1], row[2]) for row in rows}

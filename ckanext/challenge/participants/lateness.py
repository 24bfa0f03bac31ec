"""Who is late with a step: the rule of ``domain.progress.is_late``, in SQL.

A test holds the two together, state by state.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckanext.challenge import config
from ckanext.challenge.domain import deadlines
from ckanext.challenge.domain.lifecycle import COHORT_OVER, STEP_DELIVERED
from ckanext.challenge.model import Cohort, Extension, Participant, StepStatus

from .due import days_of


def overdue(cohort: Cohort) -> list[str]:
    """The keys of the steps whose day is past; none once the season is over."""
    if cohort.state in COHORT_OVER:
        return []
    due = days_of(cohort)
    today = config.today()
    return [step for step, day in due.items() if deadlines.is_late(day, today)]


def of_status(cohort: Cohort) -> Any:
    """Whether a participant is late with the step of a row, as a condition on
    :class:`.StepStatus`.
    """
    return sa.and_(
        StepStatus.step.in_(overdue(cohort)),
        StepStatus.state.not_in(sorted(STEP_DELIVERED)),
        _no_more_time(StepStatus.participant_id, StepStatus.step),
    )


def with_step(cohort: Cohort, step: str) -> Any:
    """Whether a participant is late with a step, as a condition on
    :class:`.Participant`: one that has no row of it has not begun.
    """
    if step not in overdue(cohort):
        return sa.false()
    delivered = sa.exists().where(
        StepStatus.participant_id == Participant.id,
        StepStatus.step == step,
        StepStatus.state.in_(sorted(STEP_DELIVERED)),
    )
    return sa.and_(sa.not_(delivered), _no_more_time(Participant.id, step))


def _no_more_time(participant_id: Any, step: Any) -> Any:
    """Whether nobody gave the participant a later day that is still to come."""
    return sa.not_(
        sa.exists().where(
            Extension.participant_id == participant_id,
            Extension.step == step,
            Extension.due >= config.today(),
        )
    )


def with_any(cohort: Cohort) -> Any:
    """Whether a participant is late with some step, as its own figure says."""
    if cohort.state in COHORT_OVER:
        return sa.false()
    return Participant.late_steps > 0

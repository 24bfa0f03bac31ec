"""When the steps of a season are due, and those of a participant."""

from __future__ import annotations

from ckanext.challenge import programmes
from ckanext.challenge.domain import deadlines
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.model import Cohort, Participant
from ckanext.challenge.model.extension import later_days


def days_of(cohort: Cohort) -> rules.Days:
    """The day on which each step is due in a season, for those with no later one."""
    return rules.due_days(
        programmes.of(cohort),
        {name: getattr(cohort, name) for name in deadlines.MILESTONES},
    )


def days_for(cohort: Cohort, participant: Participant) -> rules.Days:
    """The day on which each step is due for a participant of a season."""
    later = later_days([participant.id]).get(participant.id, {})
    return rules.extended(days_of(cohort), later)

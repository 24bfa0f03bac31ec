"""A season takes another state of its life, and what follows from that."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.common import journal
from ckanext.challenge.common.action_helpers import checked_transition, is_deferred
from ckanext.challenge.domain import deadlines, lifecycle, schedule
from ckanext.challenge.model import Application, Cohort, Participant, StepStatus
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.progress import evaluate
from ckanext.challenge.signals import season_finished

from . import programme, report


def prepare(context: Context, cohort: Cohort, to: str) -> None:
    """Do what takes long before a season is moved.

    It is committed at once, unless the caller of the action commits.
    """
    if to == "finished" and cohort.state == "running":
        # What the catalogue says on the last day is what the season ends with.
        evaluate.evaluate(cohort_ids=[cohort.id], commit=not is_deferred(context))


def move(cohort: Cohort, to: str, actor: str, by_itself: bool = False) -> None:
    """Move a season whose row is locked to another state, in this transaction.

    :param to: the state
    :param actor: whom the journal names
    :param by_itself: whether its date brought it, rather than a person
    :raises ValidationError: on ``to``, naming both states, when that is not allowed
    """
    applied = model.Session.query(Application.id).filter_by(cohort_id=cohort.id).first()
    before = cohort.state
    with checked_transition("to"):
        lifecycle.check_cohort(before, to, has_applications=applied is not None)
    cohort.state = to
    cohort.scheduled_transitions = list(left_scheduled(cohort, before, to))
    if to == "running" and before == "open":
        programme.keep(cohort)
    if to == "finished" and before == "running":
        cohort.finished_at = utcnow()
        _complete(cohort, actor)
        cohort.snapshot = report.results(cohort, config.today())
        season_finished.send("transition", cohort=cohort)
    if to == "running" and before == "finished":
        cohort.finished_at, cohort.snapshot = None, None
    data: dict[str, Any] = {"from": before, "to": to}
    if by_itself:
        data["scheduled"] = True
    journal.record(actor, "transition", "cohort", cohort.id, data)


def left_scheduled(cohort: Cohort, before: str, to: str) -> tuple[str, ...]:
    """What the season still does by itself once it went from one state to another."""
    return schedule.left_after(
        cohort.scheduled_transitions,
        before,
        to,
        milestones={name: getattr(cohort, name) for name in deadlines.MILESTONES},
        now=utcnow(),
        zone=config.display_timezone(),
    )


def _complete(cohort: Cohort, actor: str) -> None:
    """The participants who did all required steps have completed the season."""
    required = programmes.of(cohort).required
    settled = (
        sa.select(StepStatus.participant_id)
        .where(
            StepStatus.step.in_(required), StepStatus.state.in_(lifecycle.STEP_SETTLED)
        )
        .group_by(StepStatus.participant_id)
        .having(sa.func.count() == len(required))
    )
    done = model.Session.query(Participant).filter(
        Participant.cohort_id == cohort.id,
        Participant.state == "active",
        Participant.id.in_(settled),
    )
    entries = []
    for participant in done:
        lifecycle.PARTICIPANT.check(participant.state, "completed")
        participant.state = "completed"
        entries.append(
            journal.Entry(
                actor,
                "transition",
                "participant",
                participant.id,
                {"from": "active", "to": "completed"},
            )
        )
    model.Session.flush()
    journal.record_many(entries)

"""The status of one step: found under its lock, changed, written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, notifications, programmes
from ckanext.challenge.common import journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    checked_transition,
    cohort_of,
    commit,
    find_participant,
    rollback_and_error,
    user_id_of,
)
from ckanext.challenge.common.once import once
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.domain.programme import Step
from ckanext.challenge.model import Cohort, Evidence, Participant, StepStatus, locks
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns
from ckanext.challenge.model.extension import later_days
from ckanext.challenge.progress import evaluate

from .due import days_of


@dataclass(frozen=True)
class Found:
    """A step of a participant, its rows locked.

    :ivar step: as the programme of the season has it
    """

    participant: Participant
    step: Step
    status: StepStatus


def known(cohort: Cohort, key: str) -> Step:
    """The step with that key.

    :raises ValidationError: on ``step`` when the season has none
    """
    steps = programmes.of(cohort).steps_by_key
    if key not in steps:
        text = tk._("“{value}” is not one of: {allowed}")
        raise rollback_and_error(
            "step", text.format(value=key[:40], allowed=", ".join(steps))
        )
    return steps[key]


def find(context: Context, action: str, participant_id: str, key: str) -> Found:
    """The participant, the step and its status, locked, for a caller who may.

    :param action: whose authorization is asked
    :raises ValidationError: on ``participant`` when the season is over for it, on
        ``step`` when the season has none
    """
    participant = find_participant(participant_id)
    tk.check_access(action, context, {"participant": participant.id})
    cohort = cohort_of(participant)
    # A season that finishes at this moment waits for this step, or this for it: what
    # is said after the end is in no result.
    locks.refresh_for_share(cohort)
    if (
        cohort.state in lifecycle.COHORT_OVER
        or participant.state not in PARTICIPANT_COUNTED
    ):
        raise rollback_and_error(
            "participant", tk._("This season is over for this participant")
        )
    step = known(cohort, key)
    # In the order in which the evaluation locks: the participant, then its steps.
    locks.refresh_for_update(participant)
    return Found(participant, step, lock_status(participant, step))


def lock_status(participant: Participant, step: Step) -> StepStatus:
    """The status of a step, read anew and locked, in the current transaction.

    :param participant: whose row the caller has locked before
    """
    status = (
        model.Session.query(StepStatus)
        .filter_by(participant_id=participant.id, step=step.key)
        .populate_existing()
        .with_for_update(key_share=True)
        .first()
    )
    if status is None:
        # The programme has got this step since the participant joined.
        status = StepStatus(
            participant_id=participant.id,
            step=step.key,
            source=step.source,
            state="todo",
        )
        model.Session.add(status)
    return status


def save(
    context: Context,
    found: Found,
    state: str,
    *,
    tell: str | None = None,
    **facts: Any,
) -> None:
    """Give the step this state, write it down, commit, and evaluate what follows.

    :param tell: the kind of mail that tells it to those whom it concerns
    :param facts: more for the journal; never what a person wrote
    :raises ValidationError: on ``state`` when it may not follow the present one
    """
    participant, step, status = found.participant, found.step, found.status
    before = status.state
    if state != before:
        with checked_transition():
            lifecycle.step_lifecycle(step.source).check(before, state)
    status.state = state
    status.updated_at = utcnow()
    status.updated_by = user_id_of(context)
    count(participant)
    if roles.is_member(context, participant.organization_id):
        # What its advisers do says nothing of how lively it is.
        participant.last_activity_at = status.updated_at
    journal.record(
        actor_of(context),
        "step",
        "participant",
        participant.id,
        {"step": step.key, "from": before, "to": state, **facts},
    )
    if tell:
        notifications.enqueue(
            tell,
            participant=participant,
            author_id=user_id_of(context),
            step=step.key,
        )
    if commit(context):
        evaluate.refresh([participant.organization_id])


def count(*participants: Participant) -> None:
    """Have the figures of participants say what their steps say, in one transaction.

    So that whoever reads both finds the same, even where no evaluation follows.

    :param participants: whose rows are locked
    """
    model.Session.flush()
    ids = [participant.id for participant in participants]
    states: dict[str, dict[str, str]] = {id_: {} for id_ in ids}
    for id_, step, state in model.Session.query(
        StepStatus.participant_id, StepStatus.step, StepStatus.state
    ).filter(StepStatus.participant_id.in_(ids)):
        states[id_][step] = state
    later = later_days(ids)
    for participant in participants:
        cohort = cohort_of(participant)
        summary = rules.summarise(
            programmes.of(cohort),
            states[participant.id],
            rules.extended(days_of(cohort), later.get(participant.id, {})),
            config.today(),
        )
        for name, value in summary._asdict().items():
            setattr(participant, name, value)


def statuses_of(participant: Participant) -> list[StepStatus]:
    """The statuses of a participant's steps; a page whose parts ask reads them once."""
    return once((StepStatus, participant.id), lambda: StepStatus.of(participant))


def evidence_of(participant_id: str, *keys: str) -> dict[str, Evidence]:
    """The files that prove steps of a participant, by the keys of the steps.

    :param keys: only of these steps
    """
    query = (
        model.Session.query(Evidence)
        .join(StepStatus, StepStatus.evidence_file == Evidence.id)
        .filter(Evidence.participant_id == participant_id)
    )
    if keys:
        query = query.filter(Evidence.step.in_(keys))
    return {file.step: file for file in query}


def dictize_evidence(file: Evidence | None) -> dict[str, Any] | None:
    """A file as the API answers it: what it is, and never its content."""
    names = ("id", "name", "media_type", "size", "created_at")
    return columns(file, names) if file else None


def dictize(found: Found) -> dict[str, Any]:
    """The status of a step as its actions answer it."""
    names = (
        "participant_id",
        "step",
        "state",
        "source",
        "note",
        "reason",
        "evidence_url",
        "planned_for",
        "updated_at",
        "updated_by",
    )
    key = found.step.key
    file = (
        evidence_of(found.participant.id, key).get(key)
        if found.status.evidence_file
        else None
    )
    return {**columns(found.status, names), "evidence_file": dictize_evidence(file)}

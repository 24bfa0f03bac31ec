"""Steps: what people say of them, what advisers confirm, what managers waive."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import journal, programmes
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain.programme import PersonCheck, Step
from ckanext.challenge.logic import roles
from ckanext.challenge.logic.boundary import (
    actor_of,
    checked_transition,
    find_participant,
    validated,
)
from ckanext.challenge.logic.schema import participant as schema
from ckanext.challenge.model import Cohort, Participant, StepStatus, locks
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns
from ckanext.challenge.progress import evaluate

__all__ = [
    "challenge_step_confirm",
    "challenge_step_update",
    "challenge_step_waive",
]


def challenge_step_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say where one is with a step that people set.

    Members of the organization, its adviser and managers may call this. A step that
    the programme wants confirmed becomes ``to_confirm`` when it is said to be done.

    :param participant: the id of the participant
    :type participant: string
    :param step: the key of the step
    :type step: string
    :param state: ``todo``, ``planned``, ``in_progress``, ``to_confirm`` or ``done``
    :type state: string
    :param note: for the adviser; never public
    :type note: string
    :param evidence_url: address of the proof; never public
    :type evidence_url: string
    :param planned_for: the day for which it is planned
    :type planned_for: string
    :returns: the status of the step
    :rtype: dict
    :raises ValidationError: on ``step`` for one that the catalogue sets, on
        ``evidence_url`` when the step needs a proof, on ``state`` when it may not
        follow the present one
    """
    data = validated(context, data_dict, schema.step_update())
    participant, step, status = _find(
        context, "challenge_step_update", data["participant"], data["step"]
    )
    if not isinstance(step.check, PersonCheck):
        raise tk.ValidationError(
            {
                "step": [
                    tk._(
                        "The catalogue itself sets this step: it follows your datasets"
                    )
                ]
            }
        )
    state = data["state"]
    for name in ("note", "evidence_url", "planned_for"):
        if name in data_dict:
            setattr(status, name, data.get(name))
    if state in ("done", "to_confirm"):
        if step.check.evidence != "none" and not (
            status.evidence_url or status.evidence_file
        ):
            raise _refuse("evidence_url", tk._("This step needs a proof"))
        state = lifecycle.claimed_state(step.check.confirm)
    if state == "planned" and status.planned_for is None:
        raise _refuse("planned_for", tk._("Say for which day"))
    return _set(context, participant, step, status, state)


def challenge_step_confirm(context: Context, data_dict: dict[str, Any]) -> Any:
    """Confirm a step, or send it back.

    The adviser of the participant and managers may call this.

    :param participant: the id of the participant
    :type participant: string
    :param step: the key of the step
    :type step: string
    :param confirmed: whether the proof holds
    :type confirmed: bool
    :param note: why not; needed when it is sent back
    :type note: string
    :returns: the status of the step
    :rtype: dict
    """
    data = validated(context, data_dict, schema.step_confirm())
    participant, step, status = _find(
        context, "challenge_step_confirm", data["participant"], data["step"]
    )
    confirmed = data.get("confirmed", False)
    target = lifecycle.answered_state(confirmed)
    if status.state != "to_confirm":
        with checked_transition():
            raise lifecycle.ForbiddenTransition("step", status.state, target)
    if not confirmed and "note" not in data:
        raise _refuse("note", tk._("Say why; the collectivité will read it"))
    if "note" in data:
        status.note = data["note"]
    return _set(context, participant, step, status, target)


def challenge_step_waive(context: Context, data_dict: dict[str, Any]) -> Any:
    """Ask a step of a participant no more.

    Managers of the season and sysadmins may call this.

    :param participant: the id of the participant
    :type participant: string
    :param step: the key of the step
    :type step: string
    :param reason: why
    :type reason: string
    :returns: the status of the step
    :rtype: dict
    """
    data = validated(context, data_dict, schema.step_waive())
    participant, step, status = _find(
        context, "challenge_step_waive", data["participant"], data["step"]
    )
    status.note = data["reason"]
    return _set(context, participant, step, status, "waived")


def _refuse(field: str, message: str) -> tk.ValidationError:
    model.Session.rollback()
    return tk.ValidationError({field: [message]})


def _find(
    context: Context, action: str, participant_id: str, key: str
) -> tuple[Participant, Step, StepStatus]:
    """The participant, the step and its status, locked, for a caller who may."""
    participant = find_participant(participant_id)
    tk.check_access(action, context, {"participant": participant.id})
    cohort = model.Session.query(Cohort).filter_by(id=participant.cohort_id).one()
    if cohort.state in ("finished", "archived") or participant.state == "withdrawn":
        raise tk.ValidationError(
            {"participant": [tk._("This season is over for this participant")]}
        )
    steps = {step.key: step for step in programmes.of(cohort).steps}
    if key not in steps:
        raise tk.ValidationError(
            {
                "step": [
                    tk._("“{value}” is not one of: {allowed}").format(
                        value=key[:40], allowed=", ".join(steps)
                    )
                ]
            }
        )
    # In the order in which the evaluation locks: the participant, then its steps.
    locks.read_and_hold(participant)
    status = (
        model.Session.query(StepStatus)
        .filter_by(participant_id=participant.id, step=key)
        .populate_existing()
        .with_for_update(key_share=True)
        .first()
    )
    if status is None:
        # The programme has got this step since the participant joined.
        status = StepStatus(
            participant_id=participant.id,
            step=key,
            source=steps[key].source,
            state="todo",
        )
        model.Session.add(status)
    return participant, steps[key], status


def _set(
    context: Context,
    participant: Participant,
    step: Step,
    status: StepStatus,
    state: str,
) -> dict[str, Any]:
    before = status.state
    if state != before:
        with checked_transition():
            lifecycle.step_lifecycle(step.source).check(before, state)
    status.state = state
    status.updated_at = participant.last_activity_at = utcnow()
    status.updated_by = roles.user_id_of(context)
    journal.record(
        actor_of(context),
        "step",
        "participant",
        participant.id,
        {"step": step.key, "from": before, "to": state},
    )
    model.Session.commit()
    evaluate.refresh([participant.organization_id])
    return columns(
        status,
        (
            "participant_id",
            "step",
            "state",
            "source",
            "note",
            "evidence_url",
            "planned_for",
            "updated_at",
            "updated_by",
        ),
    )

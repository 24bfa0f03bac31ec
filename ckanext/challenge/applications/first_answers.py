"""What an accepted application said: its checklist does not ask it again."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ckan import model

from ckanext.challenge import config, programmes
from ckanext.challenge.common import file_places, file_store, journal
from ckanext.challenge.common.action_helpers import cohort_of
from ckanext.challenge.domain import deadlines, lifecycle
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.application_fields import said
from ckanext.challenge.domain.programme import PersonCheck, Step
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Evidence,
    Participant,
    StepStatus,
)
from ckanext.challenge.model.base import make_id, utcnow

log = logging.getLogger(__name__)

#: What an application comes with that commits the collectivité, the strongest first.
_COMMITMENTS = ("deliberation", "letter")


def take_over(
    participant: Participant,
    application: Application,
    statuses: Sequence[StepStatus],
    actor: str,
) -> None:
    """Answer the steps that the application answers, in the caller's transaction.

    A file is copied: the application's own goes when the application is erased.

    :param statuses: of all steps, new in the session
    :param actor: the id of the user who decided
    """
    cohort = cohort_of(participant)
    programme = programmes.of(cohort)
    for status in statuses:
        step = programme.steps_by_key[status.step]
        if not _answer(status, step, participant, application):
            continue
        assert isinstance(step.check, PersonCheck)
        status.state = lifecycle.claimed_state(step.check.confirm)
        status.updated_at = utcnow()
        journal.record(
            actor,
            "step",
            "participant",
            participant.id,
            {
                "step": step.key,
                "from": "todo",
                "to": status.state,
                "application_id": application.id,
            },
        )
    due = rules.due_days(
        programme, {name: getattr(cohort, name) for name in deadlines.MILESTONES}
    )
    states = {status.step: status.state for status in statuses}
    summary = rules.summarise(programme, states, due, config.today())
    for name, value in summary._asdict().items():
        setattr(participant, name, value)


def _answer(
    status: StepStatus, step: Step, participant: Participant, application: Application
) -> bool:
    """Whether the application answers this step; the answer is in its status then."""
    if not isinstance(step.check, PersonCheck) or not step.check.from_application:
        return False
    if step.check.from_application != "commitment":
        status.note = said(application, step.check.from_application) or None
        return status.note is not None
    copied = _copied(application, participant, step)
    if copied is None:
        return False
    model.Session.add(copied)
    model.Session.flush()
    status.evidence_file = copied.id
    return True


def _copied(
    application: Application, participant: Participant, step: Step
) -> Evidence | None:
    """The resolution or the letter of the application, as the proof of a step."""
    if not file_places.enabled():
        return None
    files = {
        file.purpose: file
        for file in model.Session.query(ApplicationFile)
        .filter_by(application_id=application.id)
        .filter(ApplicationFile.purpose.in_(_COMMITMENTS))
        .order_by(ApplicationFile.created_at)
    }
    file = next((files[purpose] for purpose in _COMMITMENTS if purpose in files), None)
    if file is None:
        return None
    id_ = make_id()
    try:
        file_store.copy(file.id, id_)
    except OSError:
        # An acceptance does not fail for a file: the step asks for it, as ever.
        log.exception("The file %s of an application could not be copied", file.id)
        return None
    return Evidence(
        id=id_,
        participant_id=participant.id,
        step=step.key,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        digest=file.digest,
        created_by=application.user_id,
    )

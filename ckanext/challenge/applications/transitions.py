"""What every action on an application needs: its season, its lock, its next state."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.common import journal
from ckanext.challenge.common.action_helpers import checked_transition
from ckanext.challenge.common.labels import state_label
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.model import Application, Cohort, locks


def cohort_of(application: Application) -> Cohort:
    """The season to which it was sent."""
    # The session knows one that it holds without asking.
    cohort = model.Session.get(Cohort, application.cohort_id)
    assert cohort is not None
    return cohort


def lock(application: Application) -> None:
    """Read the application anew and keep it from everybody else until the end."""
    locks.refresh_for_update(application)


def lock_cohort(cohort_id: str) -> Cohort:
    """Read the season anew and keep it from everybody else until the end."""
    cohort = model.Session.query(Cohort).filter_by(id=cohort_id).one()
    locks.refresh_for_update(cohort)
    return cohort


def lock_with_cohort(application: Application) -> Cohort:
    """Lock the season, then the application, and answer the season.

    One order for all, so that nobody waits for somebody who waits.
    """
    cohort = lock_cohort(application.cohort_id)
    lock(application)
    return cohort


def check_editable(application: Application) -> None:
    """Stop where its applicant may no longer change what is written.

    :param application: locked by the caller, so that nobody begins to read it meanwhile
    :raises ValidationError: on ``state``; what was begun is rolled back
    """
    if is_editable(application):
        return
    model.Session.rollback()
    if application.state == "submitted":
        text = tk._("The team reads it already: write what is to be changed below")
    else:
        text = tk._("An application that is “{state}” can no longer be changed").format(
            state=state_label("application", application.state)
        )
    raise tk.ValidationError({"state": [text]})


def is_editable(application: Application) -> bool:
    """Whether its applicant may change what is written; see
    :func:`.lifecycle.may_change`.
    """
    read = bool(application.reviewer_id or application.pending_decision)
    return lifecycle.may_change(application.state, read)


def decide(
    application: Application, decision: str, over: bool = False
) -> tuple[str, ...]:
    """The states through which a decision takes an application.

    :param over: whether the season is over
    :raises ValidationError: on ``state`` when it cannot be taken now; what was begun
        is rolled back
    """
    with checked_transition():
        return lifecycle.decide(application.state, decision, over)


def advance(application: Application, path: tuple[str, ...], actor: str) -> None:
    """Take an application through these states, each written in the journal.

    A decision that was pending, and cannot be taken any more, is dropped.
    """
    for state in path:
        journal.record(
            actor,
            "transition",
            "application",
            application.id,
            {"from": application.state, "to": state},
        )
        application.state = state
    pending = application.pending_decision
    if pending and pending["decision"] not in lifecycle.decisions_for(
        application.state
    ):
        application.pending_decision = None


def check_alone(cohort: Cohort, siren: str, application: Application | None) -> None:
    """Stop a second live application for one SIREN and season, until the transaction
    ends.

    Who comes at the same instant waits here and is told: a statement that the database
    refuses stands in its log, with all that the applicant wrote.

    :param application: the one that is asked for, if it exists yet
    :raises ValidationError: on ``siren``
    """
    locks.hold(f"application of {siren} to {cohort.id}")
    other = model.Session.query(Application.id).filter(
        Application.cohort_id == cohort.id,
        Application.siren == siren,
        Application.state.in_(lifecycle.APPLICATION_LIVE),
    )
    if application is not None:
        other = other.filter(Application.id != application.id)
    if other.first():
        text = tk._("This collectivité has an application to this season already")
        raise tk.ValidationError({"siren": [text]})

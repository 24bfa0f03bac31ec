"""Decisions: managers say what becomes of an application."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications, onboarding, search
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.logic import roles
from ckanext.challenge.logic.action.application import dictize
from ckanext.challenge.logic.applications import (
    advance,
    check_alone,
    decide,
    lock_with_cohort,
)
from ckanext.challenge.logic.boundary import (
    actor_of,
    find_application,
    forbidden,
    validated,
)
from ckanext.challenge.logic.schema import application as schema
from ckanext.challenge.model import Application, Cohort
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.progress import queue

__all__ = ["challenge_application_review"]

#: The mail that tells of a decision.
_TOLD: dict[str, notifications.Kind] = {
    "accept": "accepted",
    "refuse": "refused",
    "request_changes": "changes_requested",
    "reopen": "reopened",
    "waitlist": "waitlisted",
}


def challenge_application_review(context: Context, data_dict: dict[str, Any]) -> Any:
    """Decide on an application.

    Managers of the season and sysadmins may call this. An acceptance creates the
    organization (or takes the one with this SIREN), its admin, the participant and
    its steps in one transaction; accepting again changes nothing.

    :param id: the id or reference of the application
    :type id: string
    :param decision: ``start``, ``request_changes``, ``accept``, ``waitlist``,
        ``refuse`` or ``reopen``
    :type decision: string
    :param reason: why; needed to refuse and to request changes
    :type reason: string
    :returns: the application
    :rtype: dict
    :raises ValidationError: on ``decision`` when the season is full, on ``state``
        when the decision cannot be taken now, on ``reason`` when it is missing
    """
    data = validated(context, data_dict, schema.review())
    application = find_application(data["id"])
    tk.check_access("challenge_application_review", context, {"id": application.id})
    cohort = lock_with_cohort(application)
    decision = data["decision"]
    if decision == "accept" and application.state == "accepted":
        model.Session.rollback()
        return dictize(context, find_application(data["id"]))
    try:
        _review(context, cohort, application, decision, data.get("reason"))
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        raise
    _after_review(application, decision)
    return dictize(context, application)


def _review(
    context: Context,
    cohort: Cohort,
    application: Application,
    decision: str,
    reason: str | None,
) -> None:
    path = decide(application, decision)
    if lifecycle.DECISIONS[decision].needs_reason and not reason:
        raise tk.ValidationError(
            {"reason": [tk._("Say why; the applicant will read it")]}
        )
    actor = actor_of(context)
    if decision == "accept":
        if cohort.state not in ("open", "running"):
            raise tk.ValidationError(
                {
                    "decision": [
                        tk._("The season is “{state}”: it admits nobody").format(
                            state=cohort.state
                        )
                    ]
                }
            )
        try:
            onboarding.accept(cohort, application, actor)
        except lifecycle.LifecycleError as error:
            raise forbidden(error, "decision") from error
        except onboarding.CohortFull as error:
            raise tk.ValidationError(
                {
                    "decision": [
                        tk._(
                            "The season is full: it takes {capacity} participants. "
                            "Put this application on the waiting list."
                        ).format(capacity=error.capacity)
                    ]
                }
            ) from error
    elif decision == "reopen":
        check_alone(cohort, application.siren, application)
    advance(application, path, actor)
    application.state_reason = reason
    application.waitlist_rank = None
    if decision == "waitlist":
        application.waitlist_rank = _last_rank(cohort) + 1
    application.decided_at = application.decided_by = None
    if application.state in ("accepted", "waitlisted", "refused"):
        application.decided_at = utcnow()
        application.decided_by = roles.user_id_of(context)
    if decision in _TOLD:
        notifications.put(_TOLD[decision], application=application)


def _after_review(application: Application, decision: str) -> None:
    """What follows once the decision is stored, and never undoes it."""
    if decision == "accept" and application.organization_id:
        queue.add([f"organization:{application.organization_id}"])
        search.join(application.organization_id)
    notifications.deliver()


def _last_rank(cohort: Cohort) -> int:
    rank = (
        model.Session.query(sa.func.max(Application.waitlist_rank))
        .filter(Application.cohort_id == cohort.id)
        .scalar()
    )
    return rank or 0

"""Who may decide on applications, and write down what is not for the applicant."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_application

__all__ = [
    "challenge_application_assign",
    "challenge_application_batch_review",
    "challenge_application_note_create",
    "challenge_application_note_list",
    "challenge_application_review",
    "challenge_decision_drop",
    "challenge_decisions_publish",
    "challenge_waitlist_list",
    "challenge_waitlist_move",
]


def _manager_of(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    application = find_application(data_dict.get("id"))
    return roles.answer(roles.may_decide(context, application))


def _writer_of_notes(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    application = find_application(data_dict.get("id"))
    return roles.answer(roles.may_annotate(context, application))


def challenge_application_review(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_application_batch_review(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohorts of all these applications."""
    for id_ in data_dict.get("ids") or []:
        try:
            application = find_application(id_)
        except tk.ObjectNotFound:
            # It is told as the result of this one.
            continue
        if not roles.may_decide(context, application):
            return roles.refused()
    return {"success": True}


def challenge_decisions_publish(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_decision_drop(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_application_assign(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_application_note_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort, and the adviser of the participant."""
    return _writer_of_notes(context, data_dict)


def challenge_application_note_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort, and the adviser of the participant."""
    return _writer_of_notes(context, data_dict)


def challenge_waitlist_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_waitlist_move(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)

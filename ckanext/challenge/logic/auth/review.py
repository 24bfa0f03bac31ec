"""Who may decide on applications, and write down what is not for the applicant."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.logic import roles
from ckanext.challenge.logic.boundary import find_application, find_cohort

__all__ = [
    "challenge_application_assign",
    "challenge_application_batch_review",
    "challenge_application_review",
    "challenge_decision_drop",
    "challenge_decisions_publish",
]


def _answer(allowed: bool) -> AuthResult:
    return {"success": True} if allowed else roles.refused()


def _manager_of(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    application = find_application(data_dict.get("id"))
    return _answer(roles.is_manager(context, application.cohort_id))


def challenge_application_review(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_application_batch_review(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohorts of all these applications."""
    cohorts = set()
    for id_ in data_dict.get("ids") or []:
        try:
            cohorts.add(find_application(id_).cohort_id)
        except tk.ObjectNotFound:
            # It is told as the result of this one.
            continue
    return _answer(all(roles.is_manager(context, cohort) for cohort in cohorts))


def challenge_decisions_publish(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    cohort = find_cohort(data_dict.get("cohort"))
    return _answer(roles.is_manager(context, cohort.id))


def challenge_decision_drop(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_application_assign(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)

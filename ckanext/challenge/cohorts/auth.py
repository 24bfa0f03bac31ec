"""Who may see and settle a cohort."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge import config
from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_application
from ckanext.challenge.model import figures


@tk.auth_allow_anonymous_access
def challenge_cohort_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; the action leaves out the drafts of others."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_cohort_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; drafts are for staff."""
    return roles.for_seen(context, data_dict.get("id"))


def challenge_cohort_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins; where the portal allows it, those who manage a season."""
    return roles.answer(config.managers_create_cohorts() and roles.manages_any(context))


def challenge_cohort_copy(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins; where the portal allows it, the managers of the cohort."""
    if not config.managers_create_cohorts():
        return roles.refused()
    return roles.for_manager(context, data_dict.get("id"))


def challenge_cohort_update(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))


def challenge_cohort_patch(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))


def challenge_cohort_transition(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))


def challenge_cohort_transition_preview(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))


def challenge_cohort_publish_scheduled(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Sysadmins."""
    return roles.refused()


def challenge_cohort_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins; where managers create seasons, those of an empty draft."""
    if not config.managers_create_cohorts():
        return roles.refused()
    cohort = roles.seen_cohort(context, data_dict.get("id"))
    return roles.answer(
        roles.is_manager(context, cohort.id) and figures.is_untouched(cohort)
    )


def challenge_staff_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_staff_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers, for advisers; sysadmins, for managers too."""
    if data_dict.get("role") == "adviser":
        return roles.for_manager(context, data_dict.get("cohort"))
    return roles.refused()


def challenge_staff_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers, for advisers; sysadmins, for managers too."""
    if data_dict.get("role") == "adviser":
        return roles.for_manager(context, data_dict.get("cohort"))
    return roles.refused()


def challenge_application_check(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort; sysadmins alone where it was not handed in."""
    return roles.answer(
        roles.may_decide(context, find_application(data_dict.get("id")))
    )


def challenge_application_export(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_cohort_programme_diff(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))


def challenge_cohort_programme_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))


def challenge_question_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_late_code_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_late_code_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_late_code_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))

"""Who may see and change cohorts, and name their staff."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_cohort

__all__ = [
    "challenge_cohort_copy",
    "challenge_cohort_create",
    "challenge_cohort_delete",
    "challenge_cohort_list",
    "challenge_cohort_patch",
    "challenge_cohort_publish_scheduled",
    "challenge_cohort_show",
    "challenge_cohort_transition",
    "challenge_cohort_update",
    "challenge_staff_create",
    "challenge_staff_delete",
    "challenge_staff_list",
]


@tk.auth_allow_anonymous_access
def challenge_cohort_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; the action leaves out the drafts of others."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_cohort_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; drafts are for staff."""
    return roles.answer(roles.may_see_cohort(context, find_cohort(data_dict.get("id"))))


def challenge_cohort_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins."""
    return roles.refused()


def challenge_cohort_copy(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins, who create cohorts."""
    return roles.refused()


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


def challenge_cohort_publish_scheduled(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Sysadmins."""
    return roles.refused()


def challenge_cohort_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins."""
    return roles.refused()


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

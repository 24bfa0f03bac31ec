"""Who reads the account of a season, and who declares what stands in it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles


@tk.auth_allow_anonymous_access
def challenge_cohort_report(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; that of a draft is for its staff."""
    return roles.for_seen(context, data_dict.get("id"))


def challenge_report_file_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_report_file_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_season_account_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_season_account_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_agreement_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_agreement_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_agreement_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_agreement_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_report_address_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort: the keys are in it."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_report_address_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_report_address_end(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_lesson_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_lesson_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_lesson_update(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_lesson_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))

"""Who may see what was mailed, and have it sent again."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import (
    find_application,
    find_cohort,
    find_mail,
)
from ckanext.challenge.model import Application

__all__ = ["challenge_mail_list", "challenge_mail_preview", "challenge_mail_retry"]


def _managers_only(context: Context, cohort_id: str | None) -> AuthResult:
    if cohort_id:
        return roles.answer(roles.is_manager(context, cohort_id))
    return roles.answer(roles.is_sysadmin(context))


def _of(context: Context, application: Application) -> AuthResult:
    # A draft is its applicant's until it is handed in.
    submitted = application.submitted_at is not None
    return _managers_only(context, application.cohort_id if submitted else None)


def challenge_mail_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers, of their cohort; sysadmins, of all of them."""
    if data_dict.get("application"):
        return _of(context, find_application(data_dict["application"]))
    if data_dict.get("cohort"):
        return _managers_only(context, find_cohort(data_dict["cohort"]).id)
    return _managers_only(context, None)


def challenge_mail_retry(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    if not data_dict.get("id") and data_dict.get("cohort"):
        return _managers_only(context, find_cohort(data_dict["cohort"]).id)
    mail = find_mail(data_dict.get("id"))
    if mail.application_id:
        return _of(context, find_application(mail.application_id))
    return _managers_only(context, mail.cohort_id)


def challenge_mail_preview(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _of(context, find_application(data_dict.get("application")))

"""Who may use what the desk of a season is made of."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_application

__all__ = ["challenge_application_check", "challenge_application_export"]


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

"""Who may read, change and decide on applications."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles

__all__ = [
    "challenge_application_create",
    "challenge_application_list",
    "challenge_application_show",
    "challenge_application_submit",
    "challenge_application_update",
    "challenge_application_withdraw",
]


@tk.auth_allow_anonymous_access
def challenge_application_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_application_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_submit(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_withdraw(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant; the managers of the cohort, once it was handed in."""
    return roles.for_reader(context, data_dict)


def challenge_application_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers, of their cohort; every user, of the own applications."""
    if not data_dict.get("cohort"):
        return {"success": True}
    return roles.for_manager(context, data_dict["cohort"])

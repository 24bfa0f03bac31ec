"""Who may begin an application, and get back to it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles

__all__ = [
    "challenge_application_email_confirm",
    "challenge_application_form",
    "challenge_application_link_send",
]


@tk.auth_allow_anonymous_access
def challenge_application_form(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_application_link_send(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody: the link goes to the contact and to nobody else."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_application_email_confirm(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)

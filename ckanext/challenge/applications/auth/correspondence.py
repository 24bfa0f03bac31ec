"""Who may read and add what comes with an application: messages and files."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_application, find_file

__all__ = [
    "challenge_application_attachment_create",
    "challenge_application_attachment_delete",
    "challenge_application_attachment_show",
    "challenge_application_data",
    "challenge_application_message_create",
    "challenge_application_message_list",
]


@tk.auth_allow_anonymous_access
def challenge_application_message_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, and the managers of the cohort."""
    return roles.for_reader(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_message_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, and the managers of the cohort."""
    return roles.for_reader(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_data(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_attachment_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_attachment_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    application = find_application(find_file(data_dict.get("id")).application_id)
    return roles.answer(roles.owns(context, application, data_dict))


@tk.auth_allow_anonymous_access
def challenge_application_attachment_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Those who may read the application."""
    application = find_application(find_file(data_dict.get("id")).application_id)
    return roles.answer(roles.may_read(context, application, data_dict))

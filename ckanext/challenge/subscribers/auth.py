"""Who may subscribe to badges, and end it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles


def _of_key(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    # Whose key it is, or none, is seen by the action.
    return roles.answer(bool(data_dict.get("key")) or roles.is_sysadmin(context))


@tk.auth_allow_anonymous_access
def challenge_subscription_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody: nothing is sent to an address before its reader has confirmed it."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_subscription_confirm(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Who has the key that was mailed."""
    return _of_key(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_subscription_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Who has a key that was mailed."""
    return _of_key(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_subscription_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Who has a key that was mailed; sysadmins by address."""
    return _of_key(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_subscription_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Who has a key that was mailed; sysadmins by address."""
    return _of_key(context, data_dict)

"""Who may see and verify credentials, and what is told of the keys."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.badges.auth import challenge_award_show
from ckanext.challenge.common import roles


@tk.auth_allow_anonymous_access
def challenge_credential_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Whoever may see the award."""
    return challenge_award_show(context, {"id": data_dict.get("award")})


@tk.auth_allow_anonymous_access
def challenge_credential_verify(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody: whoever holds a credential knows all that is answered."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_did_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_issuer_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_achievement_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_status_list_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody."""
    return {"success": True}


def challenge_key_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins: it also tells what could not be signed."""
    return roles.answer(roles.is_sysadmin(context))

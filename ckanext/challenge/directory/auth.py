"""The directory is a public list: anybody may read it, and sysadmins correct it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles


@tk.auth_allow_anonymous_access
def challenge_collectivite_history(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_collectivite_search(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_collectivite_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return {"success": True}


def challenge_match_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Those who manage a season: they know who is who."""
    return roles.answer(roles.manages_any(context))


def challenge_match_decide(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The same."""
    return roles.answer(roles.manages_any(context))


@tk.auth_allow_anonymous_access
def challenge_successor_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}


def challenge_successor_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Sysadmins: the addresses of others change."""
    return roles.refused()


def challenge_successor_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Sysadmins, as for saying it."""
    return roles.refused()

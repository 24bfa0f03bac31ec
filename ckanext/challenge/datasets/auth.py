"""Who may read what the challenge says of datasets and kits."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles


@tk.auth_allow_anonymous_access
def challenge_dataset_season_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Whoever may read the dataset."""
    return authz.is_authorized("package_show", context, {"id": data_dict["id"]})


@tk.auth_allow_anonymous_access
def challenge_address_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody: it names what has a public page."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_dataset_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody: it answers what is public alone."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_quality_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may read the dataset."""
    return authz.is_authorized("package_show", context, {"id": data_dict["id"]})


@tk.auth_allow_anonymous_access
def challenge_mqa_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anybody, of an organization; sysadmins, of the portal."""
    return roles.answer(
        bool(data_dict.get("organization")) or roles.is_sysadmin(context)
    )


@tk.auth_allow_anonymous_access
def challenge_kit_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_schema_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_schema_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}


def challenge_schema_add(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins."""
    return roles.answer(roles.is_sysadmin(context))


def challenge_schema_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins."""
    return roles.answer(roles.is_sysadmin(context))


@tk.auth_allow_anonymous_access
def challenge_kit_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}

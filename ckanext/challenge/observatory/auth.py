"""The observatory is public: it speaks of collectivités, never of people."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context


@tk.auth_allow_anonymous_access
def challenge_observatory_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_observatory_history(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_situation_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_map_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_map_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}

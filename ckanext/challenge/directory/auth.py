"""The directory is a public list: anybody may read it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context


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

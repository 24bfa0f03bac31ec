"""Who may see and ask for the check of a file: who may read or change its resource."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context


def _allowed(action: str, context: Context, data_dict: dict[str, Any]) -> AuthResult:
    # A context of its own: CKAN's functions leave what they looked up in it.
    own: Context = {"user": context.get("user", "")}
    if "auth_user_obj" in context:
        own["auth_user_obj"] = context["auth_user_obj"]
    try:
        tk.check_access(action, own, {"id": data_dict["resource_id"]})
    except tk.NotAuthorized as error:
        return {"success": False, "msg": str(error)}
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_conformity_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return _allowed("resource_show", context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_conformity_waiting_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody: each file's own page says it too."""
    return {"success": True}


def challenge_conformity_check(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    return _allowed("resource_update", context, data_dict)

"""Who may read the kits: everybody."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = ["challenge_kit_list", "challenge_kit_show"]


@tk.auth_allow_anonymous_access
def challenge_kit_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_kit_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}

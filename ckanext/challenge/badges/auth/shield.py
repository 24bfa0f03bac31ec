"""Who may see the embeddable progress badge."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = ["challenge_shield_show"]


@tk.auth_allow_anonymous_access
def challenge_shield_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody: it is made to be embedded elsewhere."""
    return {"success": True}

"""Who may see how near an organization is to its badges."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = ["challenge_standing_show"]


@tk.auth_allow_anonymous_access
def challenge_standing_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody. The action leaves out what is not public."""
    return {"success": True}

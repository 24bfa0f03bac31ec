"""Who may see the stamp of a season."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz
from ckan.types import AuthResult, Context

__all__ = ["challenge_stamp_show"]


@tk.auth_allow_anonymous_access
def challenge_stamp_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may read the season; the state spares a statement for most."""
    if data_dict.get("state", "draft") != "draft":
        return {"success": True}
    return authz.is_authorized(
        "challenge_cohort_show", context, {"id": data_dict.get("cohort")}
    )

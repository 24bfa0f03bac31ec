"""Who may read the report of a season."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_cohort

__all__ = ["challenge_cohort_report"]


@tk.auth_allow_anonymous_access
def challenge_cohort_report(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; that of a draft is for its staff."""
    return roles.answer(roles.may_see_cohort(context, find_cohort(data_dict.get("id"))))

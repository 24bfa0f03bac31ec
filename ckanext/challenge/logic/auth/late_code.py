"""Who may give out late-entry codes."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.logic import roles
from ckanext.challenge.logic.boundary import find_cohort

__all__ = [
    "challenge_late_code_create",
    "challenge_late_code_delete",
    "challenge_late_code_list",
]


def _manager_only(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    if roles.is_manager(context, find_cohort(data_dict.get("cohort")).id):
        return {"success": True}
    return roles.refused()


def challenge_late_code_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_only(context, data_dict)


def challenge_late_code_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_only(context, data_dict)


def challenge_late_code_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_only(context, data_dict)

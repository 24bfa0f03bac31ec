"""Who may move a season to another version of its programme."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles

__all__ = ["challenge_cohort_programme_diff", "challenge_cohort_programme_update"]


def challenge_cohort_programme_diff(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))


def challenge_cohort_programme_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))

"""Who may see the steps of all participants of a season."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.logic import roles
from ckanext.challenge.logic.boundary import find_cohort

__all__ = ["challenge_step_list"]


def challenge_step_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The staff of the season."""
    return roles.answer(
        roles.is_staff(context, find_cohort(data_dict.get("cohort")).id)
    )

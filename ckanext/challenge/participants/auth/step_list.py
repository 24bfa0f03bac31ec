"""Who may see the steps of all participants of a season."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles

__all__ = ["challenge_step_list"]


def challenge_step_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The staff of the season."""
    return roles.for_staff(context, data_dict.get("cohort"))

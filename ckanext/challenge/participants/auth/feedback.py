"""Who may send the final form, and who may read it."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_participant

__all__ = [
    "challenge_feedback_export",
    "challenge_feedback_list",
    "challenge_feedback_show",
    "challenge_feedback_update",
]


def challenge_feedback_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization: nobody else has its opinion."""
    participant = find_participant(data_dict.get("participant"))
    return roles.answer(
        roles.is_sysadmin(context)
        or roles.is_member(context, participant.organization_id)
    )


def challenge_feedback_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    participant = find_participant(data_dict.get("participant"))
    return roles.answer(roles.may_follow(context, participant))


def challenge_feedback_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the season: who advises reads the forms of those it accompanies."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_feedback_export(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the season: who advises reads the forms of those it accompanies."""
    return roles.for_manager(context, data_dict.get("cohort"))

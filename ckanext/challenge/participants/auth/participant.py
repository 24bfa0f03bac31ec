"""Who may see and change participants and their steps."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import (
    cohort_of,
    find_cohort,
    find_participant,
)

__all__ = [
    "challenge_participant_assign",
    "challenge_participant_create",
    "challenge_participant_kits_update",
    "challenge_participant_list",
    "challenge_participant_show",
    "challenge_participant_withdraw",
    "challenge_step_confirm",
    "challenge_step_evidence_show",
    "challenge_step_unwaive",
    "challenge_step_update",
    "challenge_step_waive",
]


def _manager_of(context: Context, participant_id: Any) -> AuthResult:
    participant = find_participant(participant_id)
    return roles.answer(roles.is_manager(context, participant.cohort_id))


def _follower_of(context: Context, participant_id: Any) -> AuthResult:
    return roles.answer(roles.may_follow(context, find_participant(participant_id)))


@tk.auth_allow_anonymous_access
def challenge_participant_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody; participants of drafts are for staff."""
    if not data_dict.get("cohort"):
        return {"success": True}
    return roles.answer(roles.may_see_cohort(context, find_cohort(data_dict["cohort"])))


@tk.auth_allow_anonymous_access
def challenge_participant_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody; participants of drafts are for staff."""
    participant = find_participant(data_dict.get("id"))
    cohort = cohort_of(participant)
    return roles.answer(roles.may_see_cohort(context, cohort))


def challenge_participant_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_participant_withdraw(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("id"))


def challenge_participant_assign(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("id"))


def challenge_participant_kits_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict.get("participant"))


def challenge_step_update(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict.get("participant"))


def challenge_step_evidence_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict.get("participant"))


def challenge_step_confirm(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers."""
    participant = find_participant(data_dict.get("participant"))
    return roles.answer(roles.is_adviser(context, participant))


def challenge_step_waive(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("participant"))


def challenge_step_unwaive(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("participant"))

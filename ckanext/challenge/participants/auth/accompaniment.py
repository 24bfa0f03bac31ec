"""Who may accompany a participant, and speak with who does."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_participant, find_visit

__all__ = [
    "challenge_accompaniment_list",
    "challenge_accompaniment_show",
    "challenge_participant_message_create",
    "challenge_participant_message_list",
    "challenge_visit_create",
    "challenge_visit_delete",
    "challenge_visit_list",
    "challenge_visit_update",
]


def _adviser_of(context: Context, participant_id: Any) -> AuthResult:
    return roles.answer(roles.is_adviser(context, find_participant(participant_id)))


def _follower_of(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    participant = find_participant(data_dict.get("participant"))
    return roles.answer(roles.may_follow(context, participant))


def _adviser_of_visit(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return _adviser_of(context, find_visit(data_dict.get("id")).participant_id)


def challenge_visit_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers."""
    return _adviser_of(context, data_dict.get("participant"))


def challenge_visit_update(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers."""
    return _adviser_of_visit(context, data_dict)


def challenge_visit_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers."""
    return _adviser_of_visit(context, data_dict)


def challenge_visit_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Of a participant its members, its adviser, managers; of a cohort its staff."""
    if data_dict.get("participant"):
        return _follower_of(context, data_dict)
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_participant_message_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_participant_message_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_accompaniment_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_accompaniment_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))

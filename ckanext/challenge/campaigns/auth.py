"""Who may write to many.

Advisers write to whom they accompany; managers, to everybody of their season.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import user_id_of

from .finding import find_campaign, find_model
from .recipients import ANY_STAFF_WRITES_TO


def _own(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the season; of the team, who wrote it, if they may write such a one:
    a manager who became an adviser has nothing to do with the applicants any more.
    """
    campaign = find_campaign(data_dict.get("id"))
    allowed = roles.is_manager(context, campaign.cohort_id) or (
        campaign.author_id == user_id_of(context)
        and campaign.audience == ANY_STAFF_WRITES_TO
        and roles.is_staff(context, campaign.cohort_id)
    )
    return roles.answer(allowed)


def challenge_campaign_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """To participants, the staff of the season; to others, its managers."""
    cohort = data_dict.get("cohort")
    if data_dict.get("to", ANY_STAFF_WRITES_TO) == ANY_STAFF_WRITES_TO:
        return roles.for_staff(context, cohort)
    return roles.for_manager(context, cohort)


def challenge_campaign_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the season, and who wrote it."""
    return _own(context, data_dict)


def challenge_campaign_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the season, and who wrote it."""
    return _own(context, data_dict)


def challenge_campaign_preview(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Whoever may read the message, or write it."""
    if data_dict.get("id"):
        return _own(context, data_dict)
    return challenge_campaign_create(context, data_dict)


def challenge_campaign_send(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the season, and who wrote it."""
    return _own(context, data_dict)


def challenge_campaign_cancel(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the season, and who wrote it."""
    return _own(context, data_dict)


def challenge_campaign_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The staff of the season: advisers see their own."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_campaign_model_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the season."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_campaign_model_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The managers of the season."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_campaign_model_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The managers of the season."""
    return roles.for_manager(context, find_model(data_dict.get("id")).cohort_id)


@tk.auth_allow_anonymous_access
def challenge_mail_end_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever has the key: it was mailed to one reader."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_mail_end_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Whoever has the key: it was mailed to one reader."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_mail_end_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Whoever has the key: it was mailed to one reader."""
    return {"success": True}

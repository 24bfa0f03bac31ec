"""Who may see what waits for a team."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_application, find_participant

from . import messages


def challenge_agenda_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever is on the team of a season, the own one; sysadmins, anybody's."""
    if data_dict.get("user"):
        return roles.answer(roles.is_sysadmin(context))
    return roles.answer(roles.helps_any(context))


def challenge_agenda_count(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever is on the team of a season."""
    return roles.answer(roles.helps_any(context))


def challenge_message_settle(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may answer it: managers, and the adviser of a participant."""
    kind, id_ = messages.about(messages.find(data_dict.get("id")))
    if kind == "application":
        allowed = roles.may_decide(context, find_application(id_))
    else:
        allowed = roles.is_adviser(context, find_participant(id_))
    return roles.answer(allowed)


def challenge_digest_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever is on the team of a season, the own one."""
    return roles.answer(roles.helps_any(context))


def challenge_digest_update(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever is on the team of a season, the own one."""
    return roles.answer(roles.helps_any(context))


@tk.auth_allow_anonymous_access
def challenge_digest_end(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever has the key that was mailed."""
    return {"success": True}

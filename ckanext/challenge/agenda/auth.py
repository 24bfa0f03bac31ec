"""Who may see what waits for a team."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles


def challenge_agenda_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever is on the team of a season, the own one; sysadmins, anybody's."""
    if data_dict.get("user"):
        return roles.answer(roles.is_sysadmin(context))
    return roles.answer(roles.helps_any(context))


def challenge_agenda_count(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever is on the team of a season."""
    return roles.answer(roles.helps_any(context))

"""Sysadmins see what the portal lacks; whether it answers, everybody may ask."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles


def challenge_doctor_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return roles.answer(roles.is_sysadmin(context))


def challenge_figures_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return roles.answer(roles.is_sysadmin(context))


@tk.auth_allow_anonymous_access
def challenge_readiness_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": True}

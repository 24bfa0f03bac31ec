"""Who may see, give and withdraw badges."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.model import Award, Cohort


def _manager(context: Context, cohort_id: str | None) -> AuthResult:
    allowed = (
        roles.is_manager(context, cohort_id)
        if cohort_id
        else roles.is_sysadmin(context)
    )
    return {"success": True} if allowed else roles.refused()


def _of_cohort(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    if not data_dict.get("cohort"):
        return {"success": True}
    return roles.for_seen(context, data_dict["cohort"])


@tk.auth_allow_anonymous_access
def challenge_badge_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; badges of drafts are for staff."""
    return _of_cohort(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_badge_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_award_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; awards of drafts are for staff."""
    return _of_cohort(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_award_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; awards of drafts are for staff."""
    award = Award.get(data_dict.get("id"))
    cohort = Cohort.get(award.cohort_id) if award else None
    if cohort is not None and not roles.may_see_cohort(context, cohort):
        raise tk.ObjectNotFound(tk._("There is no such award"))
    return {"success": True}


def challenge_award_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort; sysadmins where there is none."""
    cohort = data_dict.get("cohort")
    return _manager(context, roles.seen_cohort(context, cohort).id if cohort else None)


def challenge_award_revoke(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the award's cohort; sysadmins where there is none."""
    award = model.Session.get(Award, data_dict.get("id"))
    return _manager(context, award.cohort_id if award else None)


@tk.auth_allow_anonymous_access
def challenge_standing_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody. The action leaves out what is not public."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_shield_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody: it is made to be embedded elsewhere."""
    return {"success": True}

"""Who may see progress, and have it evaluated."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_cohort, find_organization
from ckanext.challenge.model import Participant

__all__ = ["challenge_evaluate", "challenge_progress_show"]


def challenge_evaluate(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """An organization: members, advisers. A cohort: managers. All: sysadmins."""
    if data_dict.get("cohort"):
        cohort = find_cohort(data_dict["cohort"])
        allowed = roles.is_manager(context, cohort.id)
    elif data_dict.get("organization"):
        group = find_organization(data_dict["organization"])
        allowed = roles.is_member(context, group.id) or any(
            roles.is_adviser(context, participant)
            for participant in model.Session.query(Participant).filter_by(
                organization_id=group.id
            )
        )
    else:
        allowed = False
    return {"success": True} if allowed else roles.refused()


@tk.auth_allow_anonymous_access
def challenge_progress_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; of a draft, its staff. The action leaves out what is not public."""
    cohort = find_cohort(data_dict.get("cohort"))
    return roles.answer(roles.may_see_cohort(context, cohort))

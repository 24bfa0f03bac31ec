"""Roles in organizations that the challenge gave, as those concerned read of them."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.applications import given_roles, schema
from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import (
    find_organization,
    paginate,
    validate,
)
from ckanext.challenge.model import GivenRole, Participant


@tk.side_effect_free
def challenge_given_role_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the roles in organizations that somebody was given through the challenge.

    The admins of an organization may call this with ``organization``, managers of a
    season with ``cohort`` (or both), and sysadmins.

    :param organization: the id or name of an organization
    :type organization: string
    :param cohort: the id or name of a season: those given for it
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, the latest first, each ``{id, role, former, way,
        given_at, taken_back_at, user_name, user_display_name, organization_name,
        organization_title, cohort, cohort_title, given_by}``: ``former`` is what the
        account was there before, ``way`` is ``acceptance``, ``claim``,
        ``invitation`` or ``own_invitation`` (by the organization's own admins: it stays
        when the organization leaves the season), ``given_by`` the name of who gave it
    :rtype: dict
    """
    data = validate(context, data_dict, schema.given_role_list())
    if "cohort" not in data and "organization" not in data:
        raise tk.ValidationError({"cohort": [tk._("Name a season or an organization")]})
    scope: dict[str, str] = {}
    which: list[Any] = []
    if "cohort" in data:
        scope["cohort"] = roles.seen_cohort(context, data["cohort"]).id
        which.append(Participant.cohort_id == scope["cohort"])
    if "organization" in data:
        scope["organization"] = find_organization(data["organization"]).id
        which.append(GivenRole.organization_id == scope["organization"])
    tk.check_access("challenge_given_role_list", context, scope)
    page, count = paginate(given_roles.selected(*which), data)
    return {"count": count, "results": [given_roles.dictize(row) for row in page]}

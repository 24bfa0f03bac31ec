"""Who may let people into organizations."""

from __future__ import annotations

from typing import Any

from ckan.types import AuthResult, Context

from ckanext.challenge.applications import claims
from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import (
    find_application,
    find_cohort,
    find_organization,
)

__all__ = [
    "challenge_claim_answer",
    "challenge_claim_list",
    "challenge_claim_show",
    "challenge_member_invite",
]


def challenge_claim_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The admins of the organization, and the managers of the cohort."""
    claim = claims.find(data_dict.get("id"))
    if roles.may_add_members(context, claim.organization_id):
        return {"success": True}
    cohort_id = find_application(claim.application_id).cohort_id
    return roles.answer(roles.is_manager(context, cohort_id))


def challenge_claim_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Of a cohort its managers, of an organization its admins."""
    cohort, organization = data_dict.get("cohort"), data_dict.get("organization")
    if cohort and roles.is_manager(context, find_cohort(cohort).id):
        return {"success": True}
    return roles.answer(
        bool(organization)
        and roles.may_add_members(context, find_organization(organization).id)
    )


def challenge_claim_answer(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The admins of the organization."""
    claim = claims.find(data_dict.get("id"))
    return roles.answer(roles.may_add_members(context, claim.organization_id))


def challenge_member_invite(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The admins of the organization, and the managers of a cohort that it is in."""
    organization = find_organization(data_dict.get("organization"))
    return roles.answer(
        roles.may_add_members(context, organization.id)
        or roles.manages_participant(context, organization.id)
    )

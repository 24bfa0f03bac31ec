"""Invitations into an organization: which ones wait, and taking one back."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.applications import invitations
from ckanext.challenge.common import fields
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_organization,
    validate,
)


@tk.side_effect_free
def challenge_invitation_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the people who were invited into an organization and have not come yet.

    Those who may invite into it may call this; see
    :py:func:`challenge_member_invite`.

    :param organization: the id or name of the organization
    :type organization: string
    :returns: ``{count, results}``, the first invited first, each ``{id, email, role,
        invited_at, account}``: ``account`` is the name of an account that has this
        address and has yet to prove it
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference("organization"))
    group = find_organization(data["organization"])
    tk.check_access("challenge_invitation_list", context, {"organization": group.id})
    found = [invitations.dictize(row) for row in invitations.of(group.id)]
    return {"count": len(found), "results": found}


def challenge_invitation_delete(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take back an invitation that nobody has followed yet.

    Those who may invite into the organization may call this. The link that was mailed
    opens nothing any more; a mail that waits is not sent.

    :param id: the id of the invitation
    :type id: string
    :returns: ``{id, organization_id, email}`` of what is no more
    :rtype: dict
    :raises ObjectNotFound: when it was followed meanwhile, or taken back
    """
    data = validate(context, data_dict, fields.reference())
    tk.check_access("challenge_invitation_delete", context, data)
    invitation = invitations.find(data["id"])
    answer = {
        "id": data["id"],
        "organization_id": invitation.row.organization_id,
        "email": invitation.user.email,
    }
    with all_or_nothing(context):
        invitations.take_back(invitation, actor_of(context))
    return answer

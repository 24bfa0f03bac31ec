"""Members: people who are let into an organization."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import accounts, schema
from ckanext.challenge.common import journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_organization,
    validate,
)
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Participant


def challenge_member_invite(context: Context, data_dict: dict[str, Any]) -> Any:
    """Let somebody into an organization, by an e-mail address.

    The admins of the organization, the managers of a season in which it takes part
    and sysadmins may call this. The account with that address becomes a member; where
    there is none, one is made that waits for its owner. Either is told by mail, after
    all is stored. Who was invited and did not open the account yet is told again.

    :param organization: the id or name of the organization
    :type organization: string
    :param email: whom to invite
    :type email: string
    :param role: ``member`` (unless said otherwise), ``editor`` or ``admin``
    :type role: string
    :returns: ``{organization_id, user, role, invited, again}``: the name of the
        account, whether it still waits for its owner, and whether this person had
        been invited already
    :rtype: dict
    :raises ValidationError: on ``email`` for somebody who is a member already; on
        ``role`` when a manager of a season would make somebody more than a ``member``
        of an organization that has admins of its own
    """
    data = validate(context, data_dict, schema.invite())
    group = find_organization(data["organization"])
    tk.check_access("challenge_member_invite", context, {"organization": group.id})
    _check_role(context, group, data["role"])
    with all_or_nothing(context):
        user = accounts.find_or_invite(data["email"], group.title or group.name, None)
        known = accounts.role_in(user, group)
        if known and user.state != model.State.PENDING:
            raise tk.ValidationError({"email": [_member_already(group)]})
        if known != data["role"]:
            accounts.give_role(user, group, data["role"])
        notifications.enqueue(
            "invitation",
            # That of its season, whose managers see whether it arrives.
            cohort_id=_season(group),
            user_id=user.id,
            organization_id=group.id,
            role=data["role"],
        )
        model.Session.flush()
        # No address: the journal is for ever.
        journal.record(
            actor_of(context),
            "invite",
            "organization",
            group.id,
            {"user_id": user.id, "role": data["role"]},
        )
    return {
        "organization_id": group.id,
        "user": user.name,
        "role": data["role"],
        "invited": user.state == model.State.PENDING,
        "again": known is not None,
    }


def _check_role(context: Context, group: model.Group, role: str) -> None:
    """Stop a manager of a season who would decide in the place of an organization.

    Managers choose who takes part in their season, and need nobody's consent for it:
    that is not to open the data of every organization of the portal to them.
    """
    if role == "member" or context.get("ignore_auth"):
        return
    if roles.may_add_members(context, group.id):
        return
    if accounts.admins(group):
        text = tk._(
            "This organization has admins of its own: they alone make somebody an "
            "editor or an admin"
        )
        raise tk.ValidationError({"role": [text]})


def _member_already(group: model.Group) -> str:
    return tk._("This person is a member of {organization} already").format(
        organization=group.title or group.name
    )


def _season(group: model.Group) -> str | None:
    """The latest season in which the organization takes part."""
    return (
        model.Session.query(Participant.cohort_id)
        .filter(
            Participant.organization_id == group.id,
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
        .order_by(Participant.joined_at.desc())
        .limit(1)
        .scalar()
    )

"""Members: people who are let into an organization."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import accounts, given_roles, schema
from ckanext.challenge.common import journal, rate_limit, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_organization,
    user_id_of,
    validate,
)
from ckanext.challenge.domain.elision import phrase
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Participant


def challenge_member_invite(context: Context, data_dict: dict[str, Any]) -> Any:
    """Let somebody into an organization, by an e-mail address.

    The admins of the organization and sysadmins may call this; the managers of a season
    that goes on too, until an organization that an acceptance of that very season made
    had an admin of its own. Nobody invites themselves. What the organization's own
    admins give stays when it leaves the season. The account with that address becomes a
    member once it opened the link that is mailed there; where there is none, one is
    made that waits for its owner. Either is told by mail, after all is stored. Who was
    invited and did not open the account, or the link, yet is told again.

    :param organization: the id or name of the organization
    :type organization: string
    :param email: whom to invite
    :type email: string
    :param role: ``member`` (unless said otherwise), ``editor`` or ``admin``
    :type role: string
    :returns: ``{organization_id, user, role, invited, waiting, again}``: the name of
        the account, whether it still waits for its owner, whether its role waits for
        the proof of the address, and whether this person had been invited already
    :rtype: dict
    :raises ValidationError: on ``email`` for somebody who is a member already, and
        for the caller's own address; on ``limit`` when the caller invited too many
    """
    data = validate(context, data_dict, schema.invite())
    group = find_organization(data["organization"])
    tk.check_access("challenge_member_invite", context, {"organization": group.id})
    if not roles.is_sysadmin(context):
        # Whoever has an organization could have any number of addresses written to.
        rate_limit.check("invite")
    with all_or_nothing(context):
        user = accounts.find_or_invite(data["email"], group.title or group.name, None)
        if user.id == user_id_of(context):
            raise tk.ValidationError({"email": [tk._("You cannot invite yourself")]})
        known = accounts.role_in(user, group)
        again = known is not None or given_roles.waits(user, group)
        if known and user.state != model.State.PENDING:
            raise tk.ValidationError({"email": [_member_already(group)]})
        participant = _participant(context, group)
        waiting = given_roles.give(
            user,
            group,
            data["role"],
            given_roles.OWN if _is_own(context, group) else "invitation",
            actor_of(context),
            address=data["email"],
            participant=participant,
        )
        notifications.enqueue(
            "invitation",
            # That of its season, whose managers see whether it arrives.
            cohort_id=participant.cohort_id if participant else None,
            user_id=user.id,
            organization_id=group.id,
            role=data["role"],
            waiting_role_id=waiting.id if waiting else None,
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
        "waiting": waiting is not None,
        "again": again,
    }


def _member_already(group: model.Group) -> str:
    return phrase(
        tk._("This person is a member of {organization} already"),
        organization=group.title or group.name,
    )


def _is_own(context: Context, group: model.Group) -> bool:
    """Whether the caller decides as one of the organization's own people.

    Not a manager who has no say in it otherwise, nor a sysadmin who is none of them.
    """
    if not roles.may_add_members(context, group.id):
        return False
    caller = model.User.get(user_id_of(context))
    if caller is None or not caller.sysadmin:
        return True
    return accounts.role_in(caller, group) == "admin"


def _participant(context: Context, group: model.Group) -> Participant | None:
    """The participation for which somebody is let in.

    For a manager the one that allows it, so that it ends with that; for others the
    latest one that the organization has.
    """
    if not roles.may_add_members(context, group.id):
        return roles.managed_maker(context, group.id)
    return (
        model.Session.query(Participant)
        .filter(
            Participant.organization_id == group.id,
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
        .order_by(Participant.joined_at.desc())
        .first()
    )

"""What becomes of the roles that the challenge gave, told before it is done."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import accounts, given_roles, schema
from ckanext.challenge.applications.given_roles import Change
from ckanext.challenge.common import unopened
from ckanext.challenge.common.action_helpers import (
    find_application,
    find_participant,
    validate,
)
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED


@tk.side_effect_free
def challenge_role_changes(context: Context, data_dict: dict[str, Any]) -> Any:
    """Tell which roles a withdrawal, a return or an erasure would change.

    Managers of the season and sysadmins may call this with ``participant``: of one
    that takes part it tells what ends when it is withdrawn, of one that withdrew what
    comes back. Whoever may read an application may call this with ``application``, and
    reads what its erasure ends.

    :param participant: the id of a participant
    :type participant: string
    :param application: the id or reference of an application
    :type application: string
    :param key: the follow-up key of the application
    :type key: string
    :returns: ``{results, accounts, orphaned}``: ``results`` are ``{user_name,
        user_display_name, role, after}``, with the role that somebody has in the
        organization now and the one that they have then, either ``null`` for none;
        ``accounts`` are the names of accounts that nobody opened and that are deleted;
        ``orphaned`` says that an organization is left without an admin
    :rtype: dict
    :raises ValidationError: on ``participant`` when neither is named
    """
    data = validate(context, data_dict, schema.role_changes())
    if "participant" not in data and "application" not in data:
        text = tk._("Name a participant or an application")
        raise tk.ValidationError({"participant": [text]})
    tk.check_access("challenge_role_changes", context, data)
    if "participant" not in data:
        application = find_application(data["application"])
        changes = given_roles.ending(given_roles.of_application(application.id))
        ended = [one.organization_id for one in changes if one.after is None]
        let_in = accounts.let_in_by(application)
        deleted = unopened.find(application.contact_email, let_in, ended)
        return _told(changes, deleted)
    participant = find_participant(data["participant"])
    if participant.state in PARTICIPANT_COUNTED:
        given = given_roles.of_participant(participant.id)
        return _told(given_roles.ending(given))
    return _told(given_roles.coming_back(participant))


def _told(changes: list[Change], deleted: list[model.User] | None = None) -> Any:
    return {
        "results": [
            {
                "user_name": one.user.name,
                "user_display_name": one.user.display_name,
                "role": one.role,
                "after": one.after,
            }
            for one in changes
        ],
        "accounts": [user.name for user in deleted or []],
        "orphaned": _orphaned(changes),
    }


def _orphaned(changes: list[Change]) -> bool:
    """Whether somebody of them was the last admin of an organization."""
    leaving = {
        (one.organization_id, one.user.id)
        for one in changes
        if one.role == "admin" and one.after != "admin"
    }
    for id_ in {organization_id for organization_id, _ in leaving}:
        group = model.Group.get(id_)
        assert group is not None
        states = (model.State.ACTIVE, model.State.PENDING)
        if all((id_, user.id) in leaving for user in accounts.admins(group, states)):
            return True
    return False

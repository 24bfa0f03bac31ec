"""Addresses: an account opens the link that was mailed to one, and has proved it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import schema, waiting_roles
from ckanext.challenge.common import proofs, rate_limit, roles
from ckanext.challenge.common.action_helpers import (
    all_or_nothing,
    commit,
    find_organization,
    user_id_of,
    validate,
)
from ckanext.challenge.model import Participant, WaitingRole


def challenge_address_prove(context: Context, data_dict: dict[str, Any]) -> Any:
    """Prove that an address is one's own, by the link that was mailed there.

    The account that the link is for may call this, and nobody in its place. It gets
    the roles that waited for this.

    :param token: what the link carries
    :type token: string
    :returns: ``{proved: true, results}``: the roles that the account has now, each as
        :py:func:`challenge_waiting_role_list` answers it
    :rtype: dict
    :raises ValidationError: on ``token`` when the link is altered or expired
    """
    data = validate(context, data_dict, schema.proof())
    tk.check_access("challenge_address_prove", context, data)
    proof = proofs.read_token(data["token"])
    if proof is None:
        text = tk._("This link has expired, or it was cut off. Ask for another one.")
        raise tk.ValidationError({"token": [text]})
    with all_or_nothing(context):
        given = waiting_roles.prove(proof)
    return {"proved": True, "results": given}


def challenge_address_proof_send(context: Context, data_dict: dict[str, Any]) -> Any:
    """Mail the link that proves an address once more, to that address.

    Whoever has a role that waits, or an address that is not the one they proved, may
    call this; of one role also those who may list it. To one address go at most
    three such mails an hour and ten a day, whoever asks for them: what is more is not
    sent, and nobody is told.

    :param id: the id of one role that waits; all of one's own when left out
    :type id: string
    :returns: ``{done: true}``
    :rtype: dict
    :raises ValidationError: on ``limit`` when the caller asked too often
    """
    data = validate(context, data_dict, schema.proof_send())
    tk.check_access("challenge_address_proof_send", context, data)
    rate_limit.check("link")
    which = (
        WaitingRole.id == data["id"]
        if "id" in data
        else WaitingRole.user_id == user_id_of(context)
    )
    for row in waiting_roles.of(which):
        waiting_roles.tell(row[0])
    caller = model.User.get(user_id_of(context) or "")
    if (
        "id" not in data
        and caller is not None
        and proofs.has_moved(caller.id, caller.email)
    ):
        notifications.enqueue("address_proof", user_id=caller.id)
    commit(context)
    return {"done": True}


@tk.side_effect_free
def challenge_waiting_role_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the roles that wait until an account proved the address it was found by.

    Any user may call this for the own roles; managers of a season and sysadmins with
    ``cohort``, the admins of an organization with ``organization``.

    :param cohort: the id or name of a season
    :type cohort: string
    :param organization: the id or name of an organization
    :type organization: string
    :returns: ``{count, results}``, each ``{id, role, way, asked_at, user_name,
        user_display_name, since, organization_name, organization_title, cohort,
        cohort_title}``: ``since`` is when the account was made; ``way`` is
        ``acceptance``, ``claim``, ``invitation`` or ``staff`` (the team of a season)
    :rtype: dict
    """
    data = validate(context, data_dict, schema.role_list())
    scope: dict[str, str] = {}
    which: list[Any] = []
    if "cohort" in data:
        scope["cohort"] = cohort_id = roles.seen_cohort(context, data["cohort"]).id
        which.append(
            (WaitingRole.cohort_id == cohort_id) | (Participant.cohort_id == cohort_id)
        )
    if "organization" in data:
        scope["organization"] = find_organization(data["organization"]).id
        which.append(WaitingRole.organization_id == scope["organization"])
    tk.check_access("challenge_waiting_role_list", context, scope)
    if not which:
        which.append(WaitingRole.user_id == user_id_of(context))
    found = [waiting_roles.dictize(row) for row in waiting_roles.of(*which)]
    return {"count": len(found), "results": found}

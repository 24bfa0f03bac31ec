"""The team of a season: inviting somebody who may have no account yet."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import accounts, schema
from ckanext.challenge.cohorts import team
from ckanext.challenge.common import journal, rate_limit, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    validate,
)
from ckanext.challenge.model import locks
from ckanext.challenge.model.base import utcnow


def challenge_staff_invite(context: Context, data_dict: dict[str, Any]) -> Any:
    """Invite somebody by mail to help run a season.

    Managers of the season may invite advisers, sysadmins also managers. Where no
    account has the address, one is made that waits for its owner: the link that is
    mailed there, and nothing else, opens it. Where there is one, this does as
    :py:func:`challenge_staff_create` with the address: the role waits for the proof.
    Whoever was invited and did not come yet is mailed the link again. An invitation
    ends with the days of ``ckanext.challenge.follow_up_days``: the role and the account
    that nobody opened are deleted then.

    :param cohort: the id or name of the season
    :type cohort: string
    :param email: whom to invite
    :type email: string
    :param role: ``manager`` or ``adviser``
    :type role: string
    :returns: ``{user, role, invited, waiting}``: the name of the account, whether it
        still waits for its owner, and whether its role waits for a proof
    :rtype: dict
    :raises ValidationError: on ``email`` when several accounts have it; on ``limit``
        when the caller invited too many
    """
    data = validate(context, data_dict, schema.staff_invite())
    cohort = roles.seen_cohort(context, data["cohort"])
    asked = {"cohort": cohort.id, "role": data["role"]}
    tk.check_access("challenge_staff_invite", context, asked)
    if not roles.is_sysadmin(context):
        # Whoever manages a season could have any number of addresses written to.
        rate_limit.check("invite")
    known = accounts.find(data["email"])
    if known is not None and known.state == model.State.ACTIVE:
        return _named(context, {**asked, "user": data["email"]})
    with all_or_nothing(context):
        # As everywhere: the season before all that belongs to it.
        locks.refresh_for_update(cohort)
        user = accounts.find_or_invite(data["email"], data["role"], None)
        staff = team.appoint(cohort, user, data["role"], actor_of(context))
        # It lasts from the last mail on.
        staff.created_at = utcnow()
        notifications.enqueue("staff_invitation", cohort_id=cohort.id, user_id=user.id)
        # No address: the journal is for ever.
        told = {"user_id": user.id, "role": data["role"]}
        journal.record(actor_of(context), "invite", "staff", staff.id, told)
    return {"user": user.name, "role": data["role"], "invited": True, "waiting": False}


def _named(context: Context, asked: dict[str, Any]) -> dict[str, Any]:
    """Somebody who has an account is named, as by the name of it."""
    own: Context = {
        "user": context.get("user", ""),
        "defer_commit": context.get("defer_commit", False),
    }
    try:
        named = tk.get_action("challenge_staff_create")(own, asked)
    except tk.ValidationError as error:
        # Here the address is called so.
        errors = dict(error.error_dict)
        if "user" in errors:
            errors["email"] = errors.pop("user")
        raise tk.ValidationError(errors) from None
    return {
        "user": named["user_name"],
        "role": named["role"],
        "invited": False,
        "waiting": named["waiting"],
    }

"""The people who run a season: its managers and advisers."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.cohorts import schema
from ckanext.challenge.common import fields, journal
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    find_cohort,
    paginate,
    validate,
)
from ckanext.challenge.model import Staff, locks
from ckanext.challenge.model.dictize import columns


@tk.side_effect_free
def challenge_staff_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the managers and advisers of a season.

    Its staff and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{id, cohort_id, user_id, user_name,
        display_name, role}``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.staff_list())
    cohort = find_cohort(data["cohort"])
    tk.check_access("challenge_staff_list", context, {"cohort": cohort.id})
    query = (
        model.Session.query(Staff, model.User)
        .join(model.User, model.User.id == Staff.user_id)
        .filter(Staff.cohort_id == cohort.id)
    )
    rows, count = paginate(query.order_by(Staff.role, model.User.name), data)
    return {
        "count": count,
        "results": [_dictize_staff(staff, user) for staff, user in rows],
    }


def challenge_staff_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give a user a role in a season.

    Sysadmins may name anybody; managers may name the advisers of their season.
    Naming somebody again changes nothing.

    :param cohort: the id or name of the season
    :type cohort: string
    :param user: the id, name or e-mail address of the user
    :type user: string
    :param role: ``manager`` or ``adviser``
    :type role: string
    :returns: ``{id, cohort_id, user_id, user_name, display_name, role}``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.staff_create())
    cohort = find_cohort(data["cohort"])
    tk.check_access(
        "challenge_staff_create", context, {"cohort": cohort.id, "role": data["role"]}
    )
    user = _find_user(data["user"])
    # Two who name the same person at once: the second finds it done.
    locks.refresh_for_update(cohort)
    key = {"cohort_id": cohort.id, "user_id": user.id, "role": data["role"]}
    staff = model.Session.query(Staff).filter_by(**key).first()
    if staff is None:
        staff = Staff(**key)
        model.Session.add(staff)
        model.Session.flush()
        journal.record(actor_of(context), "create", "staff", staff.id, key)
    commit(context)
    return _dictize_staff(staff, user)


def challenge_staff_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Take a role in a season back from a user.

    Sysadmins may take any; managers those of the advisers of their season.

    :param id: the id of the role, as :py:func:`challenge_staff_list` gives it
    :type id: string
    """
    data = validate(context, data_dict, fields.reference())
    staff = model.Session.get(Staff, data["id"])
    if staff is None:
        raise tk.ObjectNotFound(tk._("There is no such role"))
    tk.check_access(
        "challenge_staff_delete",
        context,
        {"cohort": staff.cohort_id, "role": staff.role},
    )
    journal.record(
        actor_of(context),
        "delete",
        "staff",
        staff.id,
        {
            "cohort_id": staff.cohort_id,
            "user_id": staff.user_id,
            "role": staff.role,
        },
    )
    model.Session.delete(staff)
    commit(context)


def _find_user(reference: str) -> model.User:
    """The user with that id, name or address.

    :raises ValidationError: on ``user`` when there is none, or several
    """
    asked = reference.strip()
    user = model.User.get(asked)
    if user is not None and user.state == model.State.ACTIVE:
        return user
    found = []
    if "@" in asked:
        found = (
            model.Session.query(model.User)
            .filter(
                sa.func.lower(model.User.email) == asked.lower(),
                model.User.state == model.State.ACTIVE,
            )
            .all()
        )
    if len(found) == 1:
        return found[0]
    text = (
        tk._("Several accounts have this address: write the name of the account")
        if found
        else tk._(
            "No account has this name or this address. Whoever helps to run a season "
            "needs an account of this portal first."
        )
    )
    raise tk.ValidationError({"user": [text]})


def _dictize_staff(staff: Staff, user: model.User) -> dict[str, Any]:
    return {
        **columns(staff, ("id", "cohort_id", "user_id", "role")),
        "user_name": user.name,
        "display_name": user.display_name,
    }

"""The people who run a season: its managers and advisers."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.cohorts import schema, team
from ckanext.challenge.common import fields, proofs, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    paginate,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.model import (
    Application,
    Cohort,
    Participant,
    Staff,
    WaitingRole,
)
from ckanext.challenge.model.dictize import as_json, columns


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
    :returns: ``{count, results, waiting}``, each ``{id, cohort_id, user_id, user_name,
        display_name, since, role}``, and in ``results`` ``advised`` and ``reads``: how
        many active participants are given to an adviser, and how many applications
        that wait for an answer a manager reads. Of an account that was invited and
        that nobody opened, there are also ``invited_at`` and ``invited_until``
        (``null`` for the others) and, for those who may name somebody in that role,
        ``email``. Those in ``waiting`` were named by their address and have their role
        once they proved it
    :rtype: dict
    """
    data = validate(context, data_dict, schema.staff_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_staff_list", context, {"cohort": cohort.id})
    query = (
        model.Session.query(Staff, model.User, _advised(), _reads())
        .join(model.User, model.User.id == Staff.user_id)
        .filter(Staff.cohort_id == cohort.id)
    )
    rows, count = paginate(query.order_by(Staff.role, model.User.name), data)
    return {
        "count": count,
        "results": [
            {
                **_dictize_staff(staff, user),
                "advised": advised,
                "reads": reads,
                **_invitation(context, staff, user),
            }
            for staff, user, advised, reads in rows
        ],
        "waiting": [_dictize_staff(role, user) for role, user in _waiting(cohort)],
    }


def challenge_staff_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give a user a role in a season.

    Sysadmins may name anybody; managers may name the advisers of their season.
    Naming somebody again changes nothing. Whoever is named by an e-mail address that
    the account did not prove is mailed a link, and has the role once that account
    opened it.

    :param cohort: the id or name of the season
    :type cohort: string
    :param user: the id, name or e-mail address of the user
    :type user: string
    :param role: ``manager`` or ``adviser``
    :type role: string
    :returns: ``{id, cohort_id, user_id, user_name, display_name, since, role,
        waiting}``: since when there is that account, and whether the role waits
    :rtype: dict
    """
    data = validate(context, data_dict, schema.staff_create())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access(
        "challenge_staff_create", context, {"cohort": cohort.id, "role": data["role"]}
    )
    user, address = _find_user(data["user"])
    role = _give(context, cohort, user, data["role"], address)
    commit(context)
    return {
        **_dictize_staff(role, user),
        "waiting": isinstance(role, WaitingRole),
    }


def challenge_staff_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Take a role in a season back from a user.

    Sysadmins may take any; managers those of the advisers of their season.

    An account that was made for an invitation and that nobody opened goes along: the
    link that was mailed opens nothing any more.

    :param id: the id of the role, as :py:func:`challenge_staff_list` gives it; one
        that waits is given no more
    :type id: string
    """
    data = validate(context, data_dict, fields.reference())
    staff = model.Session.get(Staff, data["id"]) or _waiting_role(data["id"])
    if staff is None:
        raise tk.ObjectNotFound(tk._("There is no such role"))
    tk.check_access(
        "challenge_staff_delete",
        context,
        {"cohort": staff.cohort_id, "role": staff.role},
    )
    team.dismiss(staff, actor_of(context))
    commit(context)


def _give(
    context: Context,
    cohort: Cohort,
    user: model.User,
    role: str,
    address: str | None,
) -> Staff | WaitingRole:
    """Give the role, or have it wait for the proof of the address."""
    has_it = model.Session.query(Staff.id).filter_by(
        cohort_id=cohort.id, user_id=user.id, role=role
    )
    if address is None or has_it.first() or proofs.holds(user, address):
        return team.appoint(cohort, user, role, actor_of(context))
    waiting = proofs.wait(
        user,
        address,
        cohort_id=cohort.id,
        role=role,
        way="staff",
        given_by=user_id_of(context),
    )
    notifications.enqueue(
        "address_proof",
        cohort_id=cohort.id,
        user_id=user.id,
        waiting_role_id=waiting.id,
    )
    return waiting


def _advised() -> Any:
    """How many active participants of the season are given to an adviser."""
    return (
        sa.select(sa.func.count())
        .select_from(Participant)
        .where(
            Staff.role == "adviser",
            Participant.cohort_id == Staff.cohort_id,
            Participant.adviser_id == Staff.user_id,
            Participant.state == "active",
        )
        .correlate(Staff)
        .scalar_subquery()
    )


def _reads() -> Any:
    """How many applications of the season that wait for an answer a manager reads."""
    return (
        sa.select(sa.func.count())
        .select_from(Application)
        .where(
            Staff.role == "manager",
            Application.cohort_id == Staff.cohort_id,
            Application.reviewer_id == Staff.user_id,
            Application.state.in_(lifecycle.APPLICATION_AWAITED),  # type: ignore[attr-defined]
        )
        .correlate(Staff)
        .scalar_subquery()
    )


def _waiting(cohort: Cohort) -> list[Any]:
    """Whose role waits, with their accounts."""
    return (
        model.Session.query(WaitingRole, model.User)
        .join(model.User, model.User.id == WaitingRole.user_id)
        .filter(WaitingRole.cohort_id == cohort.id)
        .order_by(WaitingRole.role, model.User.name)
        .all()
    )


def _waiting_role(id_: str) -> WaitingRole | None:
    return (
        model.Session.query(WaitingRole)
        .filter(WaitingRole.id == id_, WaitingRole.cohort_id.isnot(None))
        .first()
    )


def _find_user(reference: str) -> tuple[model.User, str | None]:
    """The user with that id, name or address, and the address where it was that.

    :raises ValidationError: on ``user`` when there is none, or several
    """
    asked = reference.strip()
    user = model.User.get(asked)
    if user is not None and user.state == model.State.ACTIVE:
        return user, None
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
        return found[0], asked
    text = (
        tk._("Several accounts have this address: write the name of the account")
        if found
        else tk._(
            "No account has this name or this address. Whoever helps to run a season "
            "needs an account of this portal first."
        )
    )
    raise tk.ValidationError({"user": [text]})


def _dictize_staff(staff: Staff | WaitingRole, user: model.User) -> dict[str, Any]:
    return {
        **columns(staff, ("id", "cohort_id", "user_id", "role")),
        "user_name": user.name,
        "display_name": user.display_name,
        "since": as_json(user.created),
    }


def _invitation(context: Context, staff: Staff, user: model.User) -> dict[str, Any]:
    """Since when and how long somebody is invited who has not come yet, and where."""
    if user.state != model.State.PENDING:
        return {"invited_at": None, "invited_until": None}
    told = {
        "invited_at": as_json(staff.created_at),
        "invited_until": as_json(team.last_day(staff)),
    }
    asked = {"cohort": staff.cohort_id, "role": staff.role}
    own: Context = {
        "user": context.get("user", ""),
        "ignore_auth": context.get("ignore_auth", False),
    }
    try:
        tk.check_access("challenge_staff_create", own, asked)
    except tk.NotAuthorized:
        return told
    return {**told, "email": user.email}

"""The team of a season: who manages it, and who advises in it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.common import journal, unopened
from ckanext.challenge.model import Cohort, Staff, WaitingRole, locks


def appoint(cohort: Cohort, user: model.User, role: str, actor: str) -> Staff:
    """Give somebody a role in a season, in the caller's transaction.

    Who has it already keeps it.

    :param role: ``manager`` or ``adviser``
    :param actor: the id of the user who gives it, or a word of the journal
    """
    # Two who name the same person at once: the second finds it done.
    locks.refresh_for_update(cohort)
    key = {"cohort_id": cohort.id, "user_id": user.id, "role": role}
    staff = model.Session.query(Staff).filter_by(**key).first()
    if staff is None:
        staff = Staff(**key)
        model.Session.add(staff)
        model.Session.flush()
        journal.record(actor, "create", "staff", staff.id, key)
    return staff


def dismiss(staff: Staff | WaitingRole, actor: str) -> None:
    """Take a role back, in the caller's transaction.

    An account that was made for it, and that nobody has opened, goes along: the link
    that was mailed opens nothing then.

    :param actor: the id of the user who does it, or a word of the journal
    """
    key = {
        "cohort_id": staff.cohort_id,
        "user_id": staff.user_id,
        "role": staff.role,
    }
    journal.record(actor, "delete", "staff", staff.id, key)
    user = model.User.get(staff.user_id)
    model.Session.delete(staff)
    if user is not None:
        unopened.forget(user.email, [user.id])


def last_day(staff: Staff) -> dt.date:
    """The last day on which an invitation to the team can be followed."""
    begun = staff.created_at.astimezone(config.display_timezone()).date()
    return begun + dt.timedelta(days=config.follow_up_days())


def ended_invitations(now: dt.datetime) -> sa.Select[tuple[Staff]]:
    """The roles of accounts that nobody opened as long as their invitation lasted.

    :param now: the moment it is
    """
    # On its last day it holds still.
    begun = now - dt.timedelta(days=config.follow_up_days() + 1)
    return (
        sa.select(Staff)
        .join(model.User, model.User.id == Staff.user_id)
        .where(model.User.state == model.State.PENDING, Staff.created_at < begun)
        .order_by(Staff.created_at, Staff.id)
    )

"""The team of a season: who manages it, and who advises in it."""

from __future__ import annotations

from ckan import model

from ckanext.challenge.common import journal
from ckanext.challenge.model import Cohort, Staff, locks


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

"""Accounts that were made for an invitation, and that nobody has opened."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import Mail, Staff


def find(
    email: str | None, among: Collection[str], without: Collection[str] = ()
) -> list[model.User]:
    """The invited accounts of an address that nobody opened and that are of no use.

    :param among: ids of the accounts that may be meant
    :param without: ids of organizations whose membership counts as if it had ended
    """
    if not email:
        return []
    member = sa.select(model.Member.id).where(
        model.Member.table_name == "user",
        model.Member.table_id == model.User.id,
        model.Member.state == model.State.ACTIVE,
        model.Member.group_id.not_in(list(without)),
    )
    team = sa.select(Staff.id).where(Staff.user_id == model.User.id)
    unused = model.Session.query(model.User).filter(
        sa.func.lower(model.User.email) == email.lower(),
        model.User.id.in_(list(among)),
        model.User.state == model.State.PENDING,
        ~member.exists(),
        ~team.exists(),
    )
    return unused.all()


def forget(email: str | None, among: Collection[str]) -> None:
    """Delete the invited accounts of an address that nobody opened.

    Those that are a member of anything, or in the team of a season, are somebody's.

    :param among: ids of the accounts that may be meant
    """
    # What the caller has in mind counts, too.
    model.Session.flush()
    delete(find(email, among))


def delete(users: Collection[model.User]) -> None:
    """Delete accounts of :func:`find`; how many mails they got counts still."""
    ids = [user.id for user in users]
    counted = model.Session.query(Mail).filter(
        Mail.user_id.in_(ids),  # type: ignore[union-attr]
        Mail.unproved_digest.isnot(None),  # type: ignore[union-attr]
    )
    counted.update({"user_id": None}, synchronize_session=False)
    # Memberships that ended stay, as CKAN leaves them: an id that is nobody's.
    model.Session.query(model.User).filter(model.User.id.in_(ids)).delete(
        synchronize_session="fetch"
    )

"""Who reads a mail that is for the staff, or for those who publish."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.lifecycle import INVITED
from ckanext.challenge.model import Application, GivenRole, Participant, Staff


def staff(
    application: Application | None,
    cohort_id: str | None,
    participant: Participant | None = None,
) -> list[str]:
    """The ids of the users to whom a mail for the staff goes.

    The reviewer of the application, or the adviser of the participant, or else all
    managers of the season, or else, since somebody has to, the sysadmins.
    """
    # Somebody may manage a season and advise in it too.
    users = (
        model.Session.query(model.User.id)
        .filter(
            model.User.state == model.State.ACTIVE,
            model.User.email.isnot(None),
        )
        .distinct()
    )
    team = users.join(Staff, Staff.user_id == model.User.id).filter(
        Staff.cohort_id == cohort_id
    )
    managers = team.filter(Staff.role == "manager")
    sysadmins = users.filter(model.User.sysadmin.is_(True))
    found: list[Any] = []
    # Who has left the team reads and advises nobody.
    if application is not None and application.reviewer_id:
        reader = model.User.id == application.reviewer_id
        found = managers.filter(reader).all() or sysadmins.filter(reader).all()
    elif participant is not None and participant.adviser_id:
        found = team.filter(model.User.id == participant.adviser_id).all()
    found = found or managers.all() or sysadmins.all()
    return [user_id for (user_id,) in found]


def members(participant: Participant | None) -> list[str]:
    """The ids of the users to whom a mail for a participant's members goes.

    They are the admins and editors of its organization, with a contact who has yet
    to choose a password: whoever only reads there can do nothing about it.
    """
    if participant is None:
        return []
    rows = model.Session.execute(
        publishers()
        .where(model.Member.group_id == participant.organization_id)
        .order_by(model.User.id)
    )
    return [row.user_id for row in rows]


def publishers() -> Any:
    """Who publishes for each organization, once each, as a query.

    Who was invited and has not come yet is told of nothing but the invitation.

    :returns: a ``SELECT`` of ``user_id`` from CKAN's members and users
    """
    return (
        sa.select(model.User.id.label("user_id"))
        .join(model.Member, model.Member.table_id == model.User.id)
        .where(
            model.Member.table_name == "user",
            model.Member.state == model.State.ACTIVE,
            model.Member.capacity.in_(("admin", "editor")),
            model.User.state != model.State.DELETED,
            model.User.email.isnot(None),
            ~_invited(),
        )
        .distinct()
    )


def _invited() -> Any:
    """Whether a member has not opened the account that an invitation made."""
    given = sa.select(GivenRole.id).where(
        GivenRole.user_id == model.User.id,
        GivenRole.organization_id == model.Member.group_id,
        GivenRole.taken_back_at.is_(None),
    )
    return sa.and_(
        model.User.state == model.State.PENDING,
        given.where(GivenRole.way.in_(INVITED)).exists(),
        ~given.where(GivenRole.way.not_in(INVITED)).exists(),
    )

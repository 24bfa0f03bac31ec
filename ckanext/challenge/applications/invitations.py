"""Invitations into an organization that nobody has followed yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.common import unopened
from ckanext.challenge.domain.lifecycle import INVITED
from ckanext.challenge.model import GivenRole, Mail, WaitingRole
from ckanext.challenge.model.dictize import as_json

from . import given_roles


@dataclass(frozen=True)
class Invitation:
    """Somebody who was invited, and has not come yet.

    :ivar row: the role that an account has which nobody opened, or the role that waits
        for the proof of an address
    """

    row: GivenRole | WaitingRole
    user: model.User


def of(organization_id: str) -> list[Invitation]:
    """The invitations that wait in an organization, the first one first."""
    never_opened = (
        model.Session.query(GivenRole, model.User)
        .join(model.User, model.User.id == GivenRole.user_id)
        .join(model.Member, given_roles.membership())
        .filter(
            GivenRole.organization_id == organization_id,
            GivenRole.way.in_(INVITED),
            GivenRole.taken_back_at.is_(None),
            model.User.state == model.State.PENDING,
        )
        .order_by(GivenRole.given_at)
    )
    # Who was invited twice has two roles: the latter is what the former became.
    latest = {user.id: Invitation(given, user) for given, user in never_opened}
    unproved = (
        model.Session.query(WaitingRole, model.User)
        .join(model.User, model.User.id == WaitingRole.user_id)
        .filter(
            WaitingRole.organization_id == organization_id,
            WaitingRole.way.in_(INVITED),
        )
        .order_by(WaitingRole.asked_at)
    )
    return [*latest.values(), *(Invitation(row, user) for row, user in unproved)]


def find(id_: Any) -> Invitation:
    """The invitation with that id.

    :raises ObjectNotFound: when there is none, or none any more
    """
    row: GivenRole | WaitingRole | None = None
    if isinstance(id_, str):
        row = model.Session.get(GivenRole, id_) or model.Session.get(WaitingRole, id_)
    if row is not None and row.organization_id:
        for invitation in of(row.organization_id):
            if invitation.row.id == row.id:
                return invitation
    raise tk.ObjectNotFound(tk._("There is no such invitation"))


def take_back(invitation: Invitation, actor: str) -> None:
    """End an invitation, in the caller's transaction: its link opens nothing then.

    The account goes along where it was made for this invitation alone.

    :param actor: the id of the user who does it
    """
    row, user = invitation.row, invitation.user
    model.Session.query(Mail).filter(
        Mail.user_id == user.id,
        Mail.kind == "invitation",
        Mail.state == "waiting",
        Mail.data["organization_id"].astext == row.organization_id,  # type: ignore[attr-defined]
    ).update({"state": "cancelled"}, synchronize_session=False)
    if isinstance(row, WaitingRole):
        given_roles.drop_waiting(WaitingRole.id == row.id)
        return
    given_roles.take_back(
        actor,
        GivenRole.user_id == user.id,
        GivenRole.organization_id == row.organization_id,
        GivenRole.way.in_(INVITED),
    )
    unopened.forget(user.email, [user.id])


def dictize(invitation: Invitation) -> dict[str, Any]:
    """An invitation as the API answers it, to those who may take it back."""
    row, user = invitation.row, invitation.user
    moment = row.asked_at if isinstance(row, WaitingRole) else row.given_at
    return {
        "id": row.id,
        "email": user.email,
        "role": row.role,
        "invited_at": as_json(moment),
        "account": user.name if isinstance(row, WaitingRole) else None,
    }

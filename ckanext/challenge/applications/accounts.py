"""Accounts of those who are let into an organization, in the caller's transaction.

``user_invite`` of CKAN mails before anything is committed, and deletes the account when
the mail fails. Here nothing commits and nothing mails; the caller does so afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.logic import schema as ckan_schema
from ckan.types import Context

from ckanext.challenge.common import access_links, proofs
from ckanext.challenge.directory import naming
from ckanext.challenge.model import (
    Application,
    Claim,
    GivenRole,
    ProvedAddress,
    locks,
)


def deferred() -> Context:
    """A context in which CKAN's actions commit nothing.

    A fresh one for every call: an action leaves in it what it worked on.
    """
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True, "defer_commit": True}


def find(email: str | None) -> model.User | None:
    """The account with this address: one that proved it, or else an active one rather
    than one that waits for its owner.

    That it has the address says nothing of whose it is: see ``common/proofs.py``.
    """
    if not email:
        return None
    proved = sa.select(ProvedAddress.user_id).where(
        ProvedAddress.user_id == model.User.id,
        ProvedAddress.digest == access_links.digest_of(email),
    )
    found = (
        model.Session.query(model.User)
        .filter(
            sa.func.lower(model.User.email) == email.lower(),
            model.User.state.in_((model.State.ACTIVE, model.State.PENDING)),
        )
        .order_by(proved.exists().desc(), model.User.state)
    )
    return found.first()


def of_contact(application: Application) -> model.User | None:
    """The account that an acceptance lets in: that which applied, if it is in use, or
    else the one with the address of the contact; none where one would be made."""
    user = model.User.get(application.user_id) if application.user_id else None
    if user is not None and user.state == model.State.ACTIVE:
        return user
    return find(application.contact_email)


def is_own(application: Application, user_id: str | None) -> bool:
    """Whether an application is somebody's own: its acceptance would let them in.

    A sysadmin has no need to be let in anywhere, so that none is their own.

    :param user_id: of the user who would decide
    """
    user = model.User.get(user_id) if user_id else None
    if user is None or user.sysadmin:
        return False
    address = application.contact_email
    return (
        application.user_id == user.id
        or proofs.same(user.email, address or "")
        or proofs.is_proved(user.id, address)
    )


def find_or_invite(email: str | None, stem: str, code: str | None) -> model.User:
    """The account with this address, or else a new one that waits for its owner.

    A new one is as CKAN's own invitation makes it, but named after the organization:
    user names are public, and a person's name or address is not.

    :param stem: from which its name is made
    :param code: what is added to a name that is taken, before a number is
    :raises ValidationError: when CKAN refuses the account
    """
    known = find(email)
    if known is not None:
        return known
    # Two invitations at once would both find nobody, or choose the same free name.
    locks.hold("user_name")
    known = find(email)
    if known is not None:
        return known
    stem = naming.slug(stem)
    taken = {
        name
        for (name,) in model.Session.query(model.User.name).filter(
            model.User.name.like(f"{stem}%")
        )
    }
    context = deferred()
    context["schema"] = ckan_schema.create_user_for_user_invite_schema()
    created = tk.get_action("user_create")(
        context,
        {
            "name": naming.organization_name(stem, code, taken),
            "email": email,
            "state": model.State.PENDING,
        },
    )
    user = model.User.get(created["id"])
    assert user is not None
    return user


def let_in_by(application: Application) -> frozenset[str]:
    """The ids of the accounts of an application: that which applied, and those that its
    acceptance let in, or asked for.

    Anybody can write any address into an application: what is done with the accounts
    of its address is done with these alone.
    """
    given = model.Session.query(GivenRole.user_id).filter_by(
        application_id=application.id
    )
    asked = model.Session.query(Claim.user_id).filter_by(application_id=application.id)
    found = {application.user_id, *(row[0] for row in (*given, *asked))}
    return frozenset(id_ for id_ in found if id_)


def give_role(user: model.User, group: model.Group, role: str) -> None:
    """Make somebody a member of an organization.

    :param role: ``admin``, ``editor`` or ``member``
    """
    tk.get_action("member_create")(
        deferred(),
        {"id": group.id, "object": user.id, "object_type": "user", "capacity": role},
    )


def role_in(user: model.User, group: model.Group) -> str | None:
    """The role that somebody has in an organization, if any."""
    return (
        model.Session.query(model.Member.capacity)
        .filter_by(
            group_id=group.id, table_name="user", table_id=user.id, state="active"
        )
        .limit(1)
        .scalar()
    )


def sysadmins() -> list[model.User]:
    """The people who run the portal, without the portal's own account."""
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    found = model.Session.query(model.User).filter(
        model.User.state == model.State.ACTIVE,
        model.User.sysadmin.is_(True),
        model.User.name != site_user["name"],
    )
    return found.order_by(model.User.created).all()


def admins(
    group: model.Group, states: Sequence[str] = (model.State.ACTIVE,)
) -> list[model.User]:
    """The people who are admins of an organization, and can answer for it.

    Sysadmins, the portal's own account and accounts that were never opened are none.

    :param states: of the accounts that count, where those that wait for their owner
        are of interest too
    """
    found = (
        model.Session.query(model.User)
        .join(model.Member, model.Member.table_id == model.User.id)
        .filter(
            model.Member.group_id == group.id,
            model.Member.table_name == "user",
            model.Member.state == "active",
            model.Member.capacity == "admin",
            model.User.state.in_(states),
            *_own(),
        )
        .order_by(model.User.created)
    )
    return found.all()


def had_admin(group: model.Group) -> bool:
    """Whether the organization has, or ever had, somebody to answer for it.

    Whoever managed to take its admins away does not get in by that. Memberships that
    ended stay in CKAN as they were; one that was lowered does not, but what the
    challenge gave is recorded.
    """
    was = sa.select(model.Member.id).where(
        model.Member.table_name == "user",
        model.Member.table_id == model.User.id,
        model.Member.group_id == group.id,
        model.Member.capacity == "admin",
    )
    given = sa.select(GivenRole.id).where(
        GivenRole.user_id == model.User.id,
        GivenRole.organization_id == group.id,
        GivenRole.role == "admin",
    )
    found = model.Session.query(model.User.id).filter(
        model.User.state != model.State.PENDING,
        sa.or_(was.exists(), given.exists()),
        *_own(),
    )
    return found.first() is not None


def _own() -> list[Any]:
    """Whose accounts are an organization's own: no sysadmin's, nor the portal's."""
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return [model.User.sysadmin.is_(False), model.User.name != site_user["name"]]

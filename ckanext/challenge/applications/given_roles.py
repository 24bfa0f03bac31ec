"""Roles in organizations: given, told, and taken back when the reason for them ends.

An account that was found by its address alone has to prove that address first: until
then its role waits.

All of it happens in the caller's transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import aliased

from ckanext.challenge import notifications
from ckanext.challenge.common import journal, proofs
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import (
    Application,
    Cohort,
    GivenRole,
    Participant,
    WaitingRole,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns

from . import accounts

Way = Literal["acceptance", "claim", "invitation", "own_invitation"]

#: By the challenge's invitation, but from the organization's own admins: it is theirs,
#: and stays when the organization leaves the season.
OWN: Way = "own_invitation"

#: Who gave it: an account like any other.
_Giver = aliased(model.User)


def give(
    user: model.User,
    group: model.Group,
    role: str,
    way: Way,
    actor: str,
    *,
    address: str | None = None,
    participant: Participant | None = None,
    application_id: str | None = None,
) -> WaitingRole | None:
    """Make somebody a member of an organization, record it and tell its admins.

    Who has this role already keeps it: it is recorded anew only where the challenge
    gave it in another season, so that the last of both to end takes it back.

    :param role: ``admin``, ``editor`` or ``member``
    :param way: by which it came to be
    :param actor: the id of the user who gives it, or a word of the journal
    :param address: by which the account was found; nothing where it was named
    :param participant: the participation it is given for
    :param application_id: of the application whose contact gets it
    :returns: the role that waits until the account proved the address; nothing where
        it has it now
    """
    former = accounts.role_in(user, group)
    told: list[model.User] = []
    giver = model.User.get(actor)
    if former == role:
        earlier = _standing(user, group, role)
        if earlier is None or participant is None:
            return None
        if earlier.participant_id == participant.id:
            return None
        former = earlier.former
    elif address is not None and not proofs.holds(user, address):
        return proofs.wait(
            user,
            address,
            organization_id=group.id,
            participant_id=participant.id if participant else None,
            application_id=application_id,
            role=role,
            way=way,
            given_by=giver.id if giver else None,
        )
    else:
        told = [
            admin
            # Who has yet to choose a password learns whom they find there.
            for admin in accounts.admins(
                group, (model.State.ACTIVE, model.State.PENDING)
            )
            if admin.id not in (user.id, actor) and not _only_invited(admin, group)
        ]
        accounts.give_role(user, group, role)
    given = GivenRole(
        organization_id=group.id,
        user_id=user.id,
        participant_id=participant.id if participant else None,
        application_id=application_id,
        role=role,
        former=former,
        way=way,
        given_by=giver.id if giver else None,
    )
    model.Session.add(given)
    model.Session.flush()
    _record(actor, "give_role", given)
    for admin in told:
        notifications.enqueue(
            "role_given",
            cohort_id=participant.cohort_id if participant else None,
            user_id=admin.id,
            given_role_id=given.id,
        )
    return None


def _only_invited(user: model.User, group: model.Group) -> bool:
    """Whether somebody has yet to follow an invitation: all the mail they get."""
    ways = model.Session.query(GivenRole.way).filter(
        GivenRole.user_id == user.id,
        GivenRole.organization_id == group.id,
        GivenRole.taken_back_at.is_(None),
    )
    return user.state == model.State.PENDING and {way for (way,) in ways} == {
        "invitation"
    }


def selected(*which: Any) -> Any:
    """A query of given roles with all that is told of them, the latest first.

    :param which: conditions on :class:`GivenRole` and :class:`Participant`
    """
    return (
        model.Session.query(GivenRole, model.User, model.Group, Cohort, _Giver)
        .join(model.User, model.User.id == GivenRole.user_id)
        .join(model.Group, model.Group.id == GivenRole.organization_id)
        .outerjoin(Participant, Participant.id == GivenRole.participant_id)
        .outerjoin(Cohort, Cohort.id == Participant.cohort_id)
        .outerjoin(_Giver, _Giver.id == GivenRole.given_by)
        .filter(*which)
        .order_by(GivenRole.given_at.desc(), GivenRole.id)
    )


def dictize(row: Any) -> dict[str, Any]:
    """A row of :func:`selected` as the API answers it."""
    given, user, group, cohort, giver = row
    return {
        **columns(given, ("id", "role", "former", "way", "given_at", "taken_back_at")),
        "user_name": user.name,
        "user_display_name": user.display_name,
        "organization_name": group.name,
        "organization_title": group.title or group.name,
        "cohort": cohort.name if cohort else None,
        "cohort_title": cohort.title if cohort else None,
        "given_by": giver.display_name if giver else None,
    }


def _standing(user: model.User, group: model.Group, role: str) -> GivenRole | None:
    """By what the challenge gave a role that is not taken back, the latest first.

    What the organization's own admins gave is none of it.
    """
    return (
        model.Session.query(GivenRole)
        .filter_by(user_id=user.id, organization_id=group.id, role=role)
        .filter(GivenRole.taken_back_at.is_(None), GivenRole.way != OWN)
        .order_by(GivenRole.given_at.desc())
        .first()
    )


def of_participant(participant_id: str) -> Any:
    """Which roles were given for a participation and end with it, as a condition."""
    return sa.and_(GivenRole.participant_id == participant_id, GivenRole.way != OWN)


def of_application(application_id: str) -> Any:
    """Which roles the contact of an application was given, as a condition."""
    return GivenRole.application_id == application_id


def waits(user: model.User, group: model.Group) -> bool:
    """Whether a role in the organization waits for this account to prove an address."""
    waiting = model.Session.query(WaitingRole.id).filter_by(
        user_id=user.id, organization_id=group.id
    )
    return waiting.first() is not None


def drop_waiting(*which: Any) -> None:
    """Roles that wait for a proof wait no more.

    :param which: conditions on :class:`WaitingRole`
    """
    model.Session.query(WaitingRole).filter(*which).delete(synchronize_session="fetch")


def waiting_for(participant_id: str) -> Any:
    """Which roles wait that end with a participation, as a condition."""
    return sa.and_(WaitingRole.participant_id == participant_id, WaitingRole.way != OWN)


def take_back(actor: str, *which: Any) -> None:
    """End roles that the challenge gave: their account is again what it was before.

    A role that the organization changed since is the organization's own, and stays;
    so does one that another participation gives, too.

    :param which: conditions on :class:`GivenRole`
    """
    # The latest first: what one of them replaced is what the one before it gave.
    standing = (
        model.Session.query(GivenRole)
        .filter(GivenRole.taken_back_at.is_(None), *which)
        .order_by(GivenRole.given_at.desc(), GivenRole.id)
        .with_for_update()
        .all()
    )
    for given in standing:
        given.taken_back_at = utcnow()
        model.Session.flush()
        if not _given_otherwise(given) and not _end(given):
            # The organization's own by now: nobody who comes back brings it back.
            given.participant_id = None
        _record(actor, "take_role_back", given)


@dataclass(frozen=True)
class Change:
    """What becomes of somebody's role in an organization.

    :ivar role: that they have now; nothing where they have none
    :ivar after: that they have then; nothing where they have none
    """

    user: model.User
    organization_id: str
    role: str | None
    after: str | None


def membership() -> Any:
    """The membership that a given role is in CKAN, as a condition to join it."""
    return (
        (model.Member.table_id == GivenRole.user_id)
        & (model.Member.group_id == GivenRole.organization_id)
        & (model.Member.table_name == "user")
        & (model.Member.state == model.State.ACTIVE)
    )


def ending(*which: Any) -> list[Change]:
    """What :func:`take_back` would do, the earliest given first.

    :param which: conditions on :class:`GivenRole`
    """
    found: dict[tuple[str, str], Change] = {}
    for given, user, held in (
        model.Session.query(GivenRole, model.User, model.Member.capacity)
        .join(model.User, model.User.id == GivenRole.user_id)
        .join(model.Member, membership())
        .filter(GivenRole.taken_back_at.is_(None), *which)
        .order_by(GivenRole.given_at.desc(), GivenRole.id)
    ):
        key = (given.user_id, given.organization_id)
        after = found[key].after if key in found else held
        if after == given.role and not _given_otherwise(given):
            found[key] = Change(user, given.organization_id, held, given.former)
    return list(reversed(found.values()))


def give_back(actor: str, participant: Participant) -> None:
    """Give again what a withdrawal took back, to accounts that are still in use.

    :param participant: that withdrew, and comes back; its row still tells when
    """
    group = model.Group.get(participant.organization_id)
    if group is None:
        return
    for given, user in _taken(participant):
        give(
            user,
            group,
            given.role,
            cast("Way", given.way),
            actor,
            participant=participant,
            application_id=given.application_id,
        )


def coming_back(participant: Participant) -> list[Change]:
    """What :func:`give_back` would do, the earliest given first."""
    group = model.Group.get(participant.organization_id)
    if group is None:
        return []
    found: dict[str, Change] = {}
    for given, user in _taken(participant):
        held = accounts.role_in(user, group)
        if held != given.role:
            found[user.id] = Change(user, group.id, held, given.role)
    return list(found.values())


def _taken(participant: Participant) -> list[tuple[GivenRole, model.User]]:
    """What a withdrawal took from accounts that are still in use."""
    if participant.withdrawn_at is None:
        return []
    taken = (
        model.Session.query(GivenRole)
        .filter(
            GivenRole.participant_id == participant.id,
            GivenRole.taken_back_at >= participant.withdrawn_at,
        )
        .order_by(GivenRole.given_at, GivenRole.id)
        .all()
    )
    return [
        (given, user)
        for given in taken
        if (user := model.User.get(given.user_id)) is not None
        and user.state != model.State.DELETED
        and not _is_erased(given)
    ]


def _is_erased(given: GivenRole) -> bool:
    """Whether the contact asked to be forgotten: nothing is given in its name."""
    application = Application.get(given.application_id)
    return application is not None and application.erased_at is not None


def _end(given: GivenRole) -> bool:
    """Take a role away.

    :returns: whether it was still the one that was given
    """
    member = (
        model.Session.query(model.Member)
        .filter_by(
            group_id=given.organization_id,
            table_name="user",
            table_id=given.user_id,
            state="active",
        )
        .first()
    )
    if member is None or member.capacity != given.role:
        return False
    if given.former:
        member.capacity = given.former
    else:
        # CKAN's own action would commit.
        member.state = model.State.DELETED
    model.Session.flush()
    return True


def _given_otherwise(given: GivenRole) -> bool:
    """Whether another participation that still counts gave the same role, too."""
    others = (
        model.Session.query(GivenRole.id)
        .join(Participant, Participant.id == GivenRole.participant_id)
        .filter(
            GivenRole.organization_id == given.organization_id,
            GivenRole.user_id == given.user_id,
            GivenRole.role == given.role,
            GivenRole.taken_back_at.is_(None),
            GivenRole.way != OWN,
            GivenRole.participant_id.is_distinct_from(given.participant_id),
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
    )
    return bool(model.Session.execute(sa.select(others.exists())).scalar())


def _record(actor: str, action: str, given: GivenRole) -> None:
    data = {"user_id": given.user_id, "role": given.role, "way": given.way}
    journal.record(actor, action, "organization", given.organization_id, data)

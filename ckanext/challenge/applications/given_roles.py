"""Roles in organizations: given, told, and taken back when the reason for them ends.

All of it happens in the caller's transaction.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import notifications
from ckanext.challenge.common import journal
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Application, GivenRole, Participant
from ckanext.challenge.model.base import utcnow

from . import accounts

Way = Literal["acceptance", "claim", "invitation"]


def give(
    user: model.User,
    group: model.Group,
    role: str,
    way: Way,
    actor: str,
    *,
    participant: Participant | None = None,
    application_id: str | None = None,
) -> None:
    """Make somebody a member of an organization, record it and tell its admins.

    Who has this role already keeps it: it is recorded anew only where the challenge
    gave it in another season, so that the last of both to end takes it back.

    :param role: ``admin``, ``editor`` or ``member``
    :param way: by which it came to be
    :param actor: the id of the user who gives it, or a word of the journal
    :param participant: the participation it is given for
    :param application_id: of the application whose contact gets it
    """
    former = accounts.role_in(user, group)
    told: list[model.User] = []
    if former == role:
        earlier = _standing(user, group, role)
        if earlier is None or participant is None:
            return
        if earlier.participant_id == participant.id:
            return
        former = earlier.former
    else:
        told = [
            admin
            for admin in accounts.admins(group)
            if admin.id not in (user.id, actor)
        ]
        accounts.give_role(user, group, role)
    giver = model.User.get(actor)
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


def _standing(user: model.User, group: model.Group, role: str) -> GivenRole | None:
    """By what the challenge gave a role that is not taken back, the latest first."""
    return (
        model.Session.query(GivenRole)
        .filter_by(user_id=user.id, organization_id=group.id, role=role)
        .filter(GivenRole.taken_back_at.is_(None))
        .order_by(GivenRole.given_at.desc())
        .first()
    )


def of_participant(participant_id: str) -> Any:
    """Which roles were given for a participation, as a condition."""
    return GivenRole.participant_id == participant_id


def of_application(application_id: str) -> Any:
    """Which roles the contact of an application was given, as a condition."""
    return GivenRole.application_id == application_id


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


def give_back(actor: str, participant: Participant) -> None:
    """Give again what a withdrawal took back, to accounts that are still in use.

    :param participant: that withdrew, and comes back; its row still tells when
    """
    group = model.Group.get(participant.organization_id)
    if group is None or participant.withdrawn_at is None:
        return
    taken = (
        model.Session.query(GivenRole)
        .filter(
            GivenRole.participant_id == participant.id,
            GivenRole.taken_back_at >= participant.withdrawn_at,
        )
        .order_by(GivenRole.given_at, GivenRole.id)
        .all()
    )
    for given in taken:
        user = model.User.get(given.user_id)
        if user is None or user.state == model.State.DELETED or _is_erased(given):
            continue
        give(
            user,
            group,
            given.role,
            cast("Way", given.way),
            actor,
            participant=participant,
            application_id=given.application_id,
        )


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
            GivenRole.participant_id.is_distinct_from(given.participant_id),
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
    )
    return bool(model.Session.execute(sa.select(others.exists())).scalar())


def _record(actor: str, action: str, given: GivenRole) -> None:
    data = {"user_id": given.user_id, "role": given.role, "way": given.way}
    journal.record(actor, action, "organization", given.organization_id, data)

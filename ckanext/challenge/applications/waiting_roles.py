"""Roles that wait until an account proved the address by which it was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.challenge import notifications
from ckanext.challenge.cohorts import team
from ckanext.challenge.common import access_links, journal, proofs
from ckanext.challenge.common.proofs import Proof
from ckanext.challenge.domain.lifecycle import INVITED, PARTICIPANT_COUNTED
from ckanext.challenge.model import (
    Application,
    Cohort,
    Participant,
    WaitingRole,
    locks,
)
from ckanext.challenge.model.dictize import as_json, columns

from . import given_roles


def find(id_: Any) -> WaitingRole:
    """The role with that id.

    :raises ObjectNotFound: when none waits
    """
    found = model.Session.get(WaitingRole, id_) if isinstance(id_, str) else None
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such role"))
    return found


def cohort_id_of(waiting: WaitingRole) -> str | None:
    """The season that a role is for, or for whose sake it is given, if any."""
    if waiting.cohort_id or not waiting.participant_id:
        return waiting.cohort_id
    participant = model.Session.get(Participant, waiting.participant_id)
    return participant.cohort_id if participant else None


def is_current(waiting: WaitingRole) -> bool:
    """Whether the address to be proved is still the one that it was found by."""
    if waiting.application_id:
        application = model.Session.get(Application, waiting.application_id)
        address = application.contact_email if application else None
    else:
        user = model.User.get(waiting.user_id)
        address = user.email if user else None
    return bool(address) and access_links.digest_of(address) == waiting.digest


def tell(waiting: WaitingRole) -> None:
    """Mail the link that proves the address there, and nowhere else."""
    if not is_current(waiting):
        return
    if waiting.application_id:
        application = model.Session.get(Application, waiting.application_id)
        notifications.enqueue(
            "address_proof", application=application, waiting_role_id=waiting.id
        )
        return
    notifications.enqueue(
        "address_proof",
        cohort_id=cohort_id_of(waiting),
        user_id=waiting.user_id,
        waiting_role_id=waiting.id,
    )


def prove(proof: Proof) -> list[dict[str, Any]]:
    """Write down what an account proved, and give what waited for it.

    In the caller's transaction.

    :returns: the roles that it has now, as :func:`dictize` tells them
    """
    user = model.User.get(proof.user_id)
    assert user is not None
    found = of(WaitingRole.user_id == proof.user_id, WaitingRole.digest == proof.digest)
    # The seasons first, in one order for all: what comes next holds the journal.
    for cohort_id in sorted({row[0].cohort_id for row in found} - {None}):
        locks.refresh_for_update(model.Session.get(Cohort, cohort_id))
    proofs.keep(proof.user_id, proof.digest)
    given = []
    for row in found:
        waiting = row[0]
        if not is_current(waiting):
            continue
        if _give(waiting, user):
            given.append(dictize(row))
        model.Session.delete(waiting)
    model.Session.flush()
    return given


def _give(waiting: WaitingRole, user: model.User) -> bool:
    """Give a role, if what it was promised for is so still.

    :returns: whether it was given
    """
    actor = waiting.given_by or journal.SYSTEM
    cohort = model.Session.get(Cohort, waiting.cohort_id) if waiting.cohort_id else None
    if cohort is not None:
        team.appoint(cohort, user, waiting.role, actor)
        return True
    group = model.Group.get(waiting.organization_id)
    if group is None or group.state != model.State.ACTIVE:
        return False
    if waiting.way in INVITED and not _may_invite(waiting.given_by, group):
        return False
    participant = None
    if waiting.participant_id:
        participant = model.Session.get(Participant, waiting.participant_id)
        ends = participant is None or participant.state not in PARTICIPANT_COUNTED
        # It withdrew, and took what was given for it along.
        if ends and waiting.way != given_roles.OWN:
            return False
    given_roles.give(
        user,
        group,
        waiting.role,
        waiting.way,  # type: ignore[arg-type]
        actor,
        participant=participant,
        application_id=waiting.application_id,
    )
    return True


def _may_invite(giver_id: str | None, group: model.Group) -> bool:
    """Whether who invited somebody may do so still: a wait prolongs nobody's reach."""
    giver = model.User.get(giver_id) if giver_id else None
    if giver is None or giver.state != model.State.ACTIVE:
        return False
    try:
        tk.check_access(
            "challenge_member_invite", {"user": giver.name}, {"organization": group.id}
        )
    except tk.NotAuthorized:
        return False
    return True


def of(*which: Any) -> Sequence[Any]:
    """The roles that wait, the first asked first, with what is told of them."""
    season = sa.func.coalesce(WaitingRole.cohort_id, Participant.cohort_id)
    return (
        model.Session.query(WaitingRole, model.User, model.Group, Cohort)
        .join(model.User, model.User.id == WaitingRole.user_id)
        .outerjoin(model.Group, model.Group.id == WaitingRole.organization_id)
        .outerjoin(Participant, Participant.id == WaitingRole.participant_id)
        .outerjoin(Cohort, Cohort.id == season)
        .filter(*which)
        .order_by(WaitingRole.asked_at, WaitingRole.id)
        .all()
    )


def dictize(row: Any) -> dict[str, Any]:
    """A row of :func:`of` as the API answers it."""
    waiting, user, group, cohort = row
    return {
        **columns(waiting, ("id", "role", "way", "asked_at")),
        "user_name": user.name,
        "user_display_name": user.display_name,
        "since": as_json(user.created),
        "organization_name": group.name if group else None,
        "organization_title": (group.title or group.name) if group else None,
        "cohort": cohort.name if cohort else None,
        "cohort_title": cohort.title if cohort else None,
    }

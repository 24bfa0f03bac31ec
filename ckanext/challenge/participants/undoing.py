"""An acceptance is undone: what it made goes, and the application is read again.

All of it happens in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timezone
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import notifications
from ckanext.challenge.applications import (
    accounts,
    claims,
    given_roles,
    mails,
    onboarding,
)
from ckanext.challenge.applications.given_roles import Change
from ckanext.challenge.applications.transitions import advance, lock_with_cohort
from ckanext.challenge.common import journal, proofs
from ckanext.challenge.common import unopened as unopened_accounts
from ckanext.challenge.common.organizations import hold_organization_of
from ckanext.challenge.domain import undoing
from ckanext.challenge.domain.undoing import Facts, Hindrance
from ckanext.challenge.model import (
    Application,
    Award,
    Cohort,
    Evidence,
    GivenRole,
    Mail,
    Participant,
    ParticipantMessage,
    StepStatus,
    Visit,
    WaitingRole,
    locks,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.participants import visits


@dataclass(frozen=True)
class Acceptance:
    """An acceptance, and what it made.

    :ivar participant: the participation that it made; none where the organization took
        part before
    :ivar group: the organization of the application
    :ivar created: whether the acceptance made it
    """

    application: Application
    cohort: Cohort
    participant: Participant | None
    group: model.Group | None
    created: bool

    @property
    def made(self) -> model.Group | None:
        """The organization that it made, and that goes with it."""
        return self.group if self.created else None


def find(application: Application) -> Acceptance:
    """The acceptance of an application, or what would be there of it."""
    cohort = model.Session.get(Cohort, application.cohort_id)
    assert cohort is not None
    participant = (
        model.Session.query(Participant)
        .filter_by(application_id=application.id)
        .first()
    )
    id_ = application.organization_id
    group = model.Session.get(model.Group, id_) if id_ else None
    created = participant is not None and participant.organization_created
    return Acceptance(application, cohort, participant, group, created)


def hold(application: Application) -> Acceptance:
    """Lock an application and all that its acceptance made.

    Whoever adds a dataset to the organization, or lets it join another season, is
    waited for; whoever comes afterwards finds it gone.
    """
    lock_with_cohort(application)
    hold_organization_of(application.siren)
    found = find(application)
    # As for an evaluation and for whoever gives a badge: the participant, what it has,
    # its organization, and the journal the last.
    if found.participant is not None:
        locks.refresh_for_update(found.participant)
        awards(found).order_by(Award.id).with_for_update().all()
    if found.group is not None:
        of_this = model.Group.id == found.group.id
        model.Session.execute(
            sa.select(model.Group.id).where(of_this).with_for_update()
        )
        model.Session.refresh(found.group)
    return found


def hindrances(acceptance: Acceptance) -> tuple[Hindrance, ...]:
    """Why it cannot be undone; empty where it can."""
    application, made = acceptance.application, acceptance.made
    participant = acceptance.participant
    facts = Facts(
        application=application.state,
        decided_at=application.decided_at,
        erased=application.erased_at is not None,
        cohort=acceptance.cohort.state,
        participant=participant.state if participant else None,
        datasets=_datasets(acceptance).count(),
        resources=0 if made else _resources(acceptance).count(),
        described=made is not None and bool((made.description or "").strip()),
        seasons=_other_seasons(made) if made else 0,
    )
    return undoing.hindrances(facts, utcnow())


def _since(acceptance: Acceptance) -> Any:
    """When it was accepted, as CKAN writes moments: in UTC, and without saying so."""
    at = acceptance.application.decided_at or utcnow()
    return at.astimezone(timezone.utc).replace(tzinfo=None)


def _datasets(acceptance: Acceptance) -> Any:
    """The datasets that the organization has by now; of one that was there before,
    those that were made since."""
    found = model.Session.query(model.Package.id).filter(
        model.Package.owner_org.in_(_ids(acceptance.group)),
        model.Package.state != model.State.DELETED,
    )
    if acceptance.created:
        return found
    return found.filter(model.Package.metadata_created >= _since(acceptance))


def _resources(acceptance: Acceptance) -> Any:
    """What was added since to datasets that were there before."""
    since = _since(acceptance)
    return (
        model.Session.query(model.Resource.id)
        .join(model.Package, model.Package.id == model.Resource.package_id)
        .filter(
            model.Package.owner_org.in_(_ids(acceptance.group)),
            model.Package.state != model.State.DELETED,
            model.Package.metadata_created < since,
            model.Resource.state == model.State.ACTIVE,
            model.Resource.created >= since,
        )
    )


def _other_seasons(group: model.Group) -> int:
    """In how many seasons it takes, or took, part besides that which made it."""
    found = model.Session.query(Participant.id).filter(
        Participant.organization_id == group.id, ~Participant.organization_created
    )
    return found.count()


def changes(acceptance: Acceptance) -> list[Change]:
    """What becomes of people's roles in the organization."""
    made = acceptance.made
    if made is None:
        return given_roles.ending(_given(acceptance))
    members = (
        model.Session.query(model.User, model.Member.capacity)
        .join(model.Member, model.Member.table_id == model.User.id)
        .filter(
            model.Member.group_id == made.id,
            model.Member.table_name == "user",
            model.Member.state == model.State.ACTIVE,
        )
        .order_by(model.User.created)
    )
    return [Change(user, made.id, role, None) for user, role in members]


def _given(acceptance: Acceptance) -> Any:
    """Which roles were given with it, as a condition."""
    of_contact = given_roles.of_application(acceptance.application.id)
    if acceptance.participant is None:
        return of_contact
    return of_contact | given_roles.of_participant(acceptance.participant.id)


def unopened(acceptance: Acceptance) -> list[model.User]:
    """The accounts that nobody opened, and that are of no use then."""
    application = acceptance.application
    let_in = accounts.let_in_by(application)
    pending = {
        change.user.email: {change.user.id, *let_in}
        for change in changes(acceptance)
        if change.after is None
    }
    pending.setdefault(application.contact_email, {*let_in})
    ends = _ids(acceptance.group)
    return [
        user
        for email, ids in pending.items()
        for user in unopened_accounts.find(email, ids, ends)
    ]


def waiting(acceptance: Acceptance) -> Any:
    """The roles that wait for a proof, as a query."""
    which = [
        WaitingRole.application_id == acceptance.application.id,
        WaitingRole.organization_id.in_(_ids(acceptance.made)),  # type: ignore[union-attr]
    ]
    if acceptance.participant is not None:
        which.append(given_roles.waiting_for(acceptance.participant.id))
    return model.Session.query(WaitingRole).filter(sa.or_(*which))


def awards(acceptance: Acceptance) -> Any:
    """The badges of the participation that it made, as a query."""
    season = acceptance.cohort.id
    found = model.Session.query(Award).filter_by(cohort_id=season)
    return found.filter(Award.organization_id.in_(_ids(_joined(acceptance))))  # type: ignore[attr-defined]


def _joined(acceptance: Acceptance) -> model.Group | None:
    """The organization that takes part by it."""
    return acceptance.group if acceptance.participant is not None else None


def work(acceptance: Acceptance) -> dict[str, int]:
    """How much was done in the participation: it goes with it.

    :returns: ``steps`` (that people said something of), ``files``, ``messages`` and
        ``visits``
    """
    ids = _ids(acceptance.participant)

    def count(table: Any, *which: Any) -> int:
        of_this = table.participant_id.in_(ids)
        return model.Session.query(table).filter(of_this, *which).count()

    return {
        "steps": count(StepStatus, StepStatus.updated_by.isnot(None)),  # type: ignore[union-attr]
        "files": count(Evidence),
        "messages": count(ParticipantMessage),
        "visits": count(Visit),
    }


def undo(acceptance: Acceptance, reason: str | None, actor: str) -> list[str]:
    """Undo an acceptance that nothing hinders.

    :param acceptance: of :func:`hold`
    :param reason: what the applicant will read
    :param actor: the id of the user who does it
    :returns: the ids of its files, whose content ``file_store.remove`` removes after
        the commit
    """
    application, participant = acceptance.application, acceptance.participant
    group, made = acceptance.group, acceptance.made
    _end_mails(acceptance)
    _tell(acceptance, actor)
    unused = unopened(acceptance)
    claims.end(application.id, actor, answered=True)
    given_roles.take_back(actor, _given(acceptance))
    waiting(acceptance).delete(synchronize_session="fetch")
    gone = awards(acceptance).all()
    entries = [
        journal.Entry(actor, "delete", "award", award.id, {"badge": award.badge})
        for award in gone
    ]
    # What it signed of them counts as revoked from now on.
    _delete(gone)
    file_ids: list[str] = []
    if participant is not None:
        files = model.Session.query(Evidence.id).filter_by(
            participant_id=participant.id
        )
        file_ids = [id_ for (id_,) in files]
        # What waits still is its own admins' to give, and goes on without it.
        of_this = model.Session.query(WaitingRole).filter_by(
            participant_id=participant.id
        )
        of_this.update({"participant_id": None}, synchronize_session="fetch")
        visits.leave(participant.id)
        onboarding.leave(participant)
    application.organization_id = None
    application.decided_at = application.decided_by = None
    application.state_reason = reason
    advance(application, ("in_review",), actor)
    model.Session.flush()
    if made is not None:
        about = {"application_id": application.id, "name": made.name}
        entries.append(journal.Entry(actor, "delete", "organization", made.id, about))
        _remove(made)
    unopened_accounts.delete(unused)
    told = {
        "organization_id": group.id if group else None,
        "organization_removed": made is not None,
        "participant_id": participant.id if participant else None,
    }
    journal.record_many(
        [
            *entries,
            journal.Entry(
                actor, "undo_acceptance", "application", application.id, told
            ),
        ]
    )
    return file_ids


def _tell(acceptance: Acceptance, actor: str) -> None:
    """Mail the contact, and who else had a role by it and has used the account."""
    application = acceptance.application
    notifications.enqueue("acceptance_undone", application=application)
    for change in changes(acceptance):
        user = change.user
        if (
            user.id == actor
            or user.state != model.State.ACTIVE
            or proofs.same(user.email, application.contact_email or "")
        ):
            continue
        notifications.enqueue(
            "acceptance_undone", application=application, user_id=user.id
        )


def _end_mails(acceptance: Acceptance) -> None:
    """What was to be told of it and did not go yet is told no more."""
    about: Any = Mail.data
    application, made = acceptance.application, acceptance.made
    given = model.Session.query(GivenRole.id).filter(_given(acceptance))
    of_organization = about["organization_id"].astext
    which = sa.or_(
        sa.and_(
            Mail.application_id == application.id,
            Mail.kind.in_(mails.OF_ACCEPTANCE),  # type: ignore[attr-defined]
        ),
        about["given_role_id"].astext.in_([id_ for (id_,) in given]),
        about["participant_id"].astext.in_(_ids(acceptance.participant)),
        of_organization.in_(_ids(made)),
        sa.and_(
            of_organization.in_(_ids(_joined(acceptance))),
            Mail.cohort_id == acceptance.cohort.id,
            Mail.kind.startswith("award_"),  # type: ignore[attr-defined]
        ),
    )
    unsent = Mail.state.in_(("waiting", "failed"))  # type: ignore[attr-defined]
    model.Session.query(Mail).filter(unsent, which).update(
        {"state": "cancelled"}, synchronize_session="fetch"
    )


def _remove(group: model.Group) -> None:
    """Take an organization away, as CKAN's purge does, but for its commits."""
    members = model.Session.query(model.Member).filter(
        sa.or_(model.Member.group_id == group.id, model.Member.table_id == group.id)
    )
    _delete(members.all())
    _delete([group])


def _delete(rows: Iterable[Any]) -> None:
    for row in rows:
        model.Session.delete(row)
    model.Session.flush()


def _ids(row: Any) -> list[str]:
    """Its id, as something that a column is in: without a row no column is."""
    return [row.id] if row is not None else []

"""Erasing personal data, on demand or when their time is over.

Those of applications, and of what followed from them: the proofs of steps, what was
said of them, the conversation. What stays is anonymous: the collectivité (a legal
person), its kind and population, the states and their dates, and what the journal
has, which never holds personal data.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config, notifications, programmes
from ckanext.challenge.applications import accounts, claims, given_roles, waiting_list
from ckanext.challenge.applications.transitions import advance, lock_with_cohort
from ckanext.challenge.cohorts import team
from ckanext.challenge.common import (
    file_places,
    file_store,
    journal,
    proofs,
    stored_files,
    unopened,
)
from ckanext.challenge.domain import (
    application_fields,
    lifecycle,
    opinions,
    retention,
)
from ckanext.challenge.domain.questions import Question
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Claim,
    Cohort,
    Evidence,
    Extension,
    Feedback,
    GivenRole,
    JournalEntry,
    LateCode,
    Mail,
    Message,
    Note,
    Participant,
    ParticipantMessage,
    Preparation,
    ReminderPause,
    Score,
    StepStatus,
    Subscription,
    Visit,
    WaitingRole,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import outbox
from ckanext.challenge.subscribers import links

log = logging.getLogger(__name__)


def erase(application: Application, actor: str) -> list[str]:
    """Empty what an application says of persons, in the caller's transaction.

    One that could still be decided is withdrawn: nobody could be told. The contact's
    account goes along, if it was never opened and is of no use. What was written
    in the course of the season goes too, unless the season still needs it.

    :returns: the ids of its files, whose content ``file_store.remove`` removes after
        the commit
    """
    cohort = lock_with_cohort(application)
    if application.erased_at is not None:
        return []
    undecided = "withdraw" in lifecycle.decisions_for(application.state, "applicant")
    if undecided and (
        application.state == "draft" or cohort.state not in lifecycle.COHORT_OVER
    ):
        waiting_list.leave(application)
        advance(application, ("withdrawn",), actor)
    _forget_said(application)
    address = application.contact_email
    own = accounts.let_in_by(application)
    code_id = application.late_code_id
    for name in application_fields.PERSONAL:
        # JSON that is never null becomes the empty list or object that it began as.
        nullable = Application.__table__.c[name].nullable
        setattr(application, name, None if nullable else sa.text("DEFAULT"))
    application.revision += 1
    application.erased_at = utcnow()
    session = model.Session
    session.flush()
    of_this = {"application_id": application.id}
    file_ids = [
        id_ for (id_,) in session.query(ApplicationFile.id).filter_by(**of_this)
    ]
    for table in (ApplicationFile, Message, Note, Score):
        session.query(table).filter_by(**of_this).delete(synchronize_session=False)
    # Nobody is to say yes any more: it would give a role in the name of nobody.
    claims.end(application.id, actor)
    session.query(Claim).filter_by(**of_this).update(
        {"reason": None}, synchronize_session=False
    )
    mails = session.query(Mail).filter_by(**of_this)
    mails.filter_by(state="waiting").update(
        {"state": "cancelled"}, synchronize_session=False
    )
    mails.update({"last_error": None, "data": {}}, synchronize_session=False)
    mails.filter(outbox.no_longer_counted()).update(
        {"unproved_digest": None}, synchronize_session=False
    )
    _forget_late_codes(LateCode.id == code_id, LateCode.uses >= LateCode.max_uses)
    given_roles.take_back(actor, *_ending(application, actor))
    given_roles.drop_waiting(WaitingRole.application_id == application.id)
    unopened.forget(address, own)
    proofs.forget(address, own)
    journal.record(actor, "erase", "application", application.id)
    participants = session.query(Participant.id).filter_by(**of_this)
    if cohort.state not in lifecycle.COHORT_OVER:
        participants = participants.filter(Participant.state == "withdrawn")
    return file_ids + _forget([id_ for (id_,) in participants])


def _forget_said(application: Application) -> None:
    """Take out of the checklist what it has from the application, word for word.

    The steps stay as they are; what its people wrote instead is theirs.
    """
    participants = sa.select(Participant.id).where(
        Participant.application_id == application.id
    )
    words = [
        text
        for what in application_fields.SAID
        if (text := application_fields.said(application, what))
    ]
    model.Session.query(StepStatus).filter(
        StepStatus.participant_id.in_(participants), StepStatus.note.in_(words)
    ).update({"note": None}, synchronize_session=False)


def _ending(application: Application, actor: str) -> list[Any]:
    """Which of the contact's roles end with their data.

    All of them when somebody asked for it. When the time is over, the organization
    goes on with the people that it has: only accounts that nobody opened lose theirs.
    """
    of_contact = given_roles.of_application(application.id)
    if actor != journal.SYSTEM:
        return [of_contact]
    never_opened = sa.select(model.User.id).where(
        model.User.state == model.State.PENDING
    )
    return [of_contact, GivenRole.user_id.in_(never_opened)]


def _forget(participant_ids: Collection[str]) -> list[str]:
    """Empty what persons wrote while they took part; states, dates and days stay.

    :returns: the ids of the files, to be removed after the commit
    """
    if not participant_ids:
        return []

    def of(table: Any) -> Any:
        return model.Session.query(table).filter(
            table.participant_id.in_(participant_ids)
        )

    file_ids = [file.id for file in of(Evidence)]
    of(Evidence).delete(synchronize_session=False)
    of(ParticipantMessage).delete(synchronize_session=False)
    of(WaitingRole).delete(synchronize_session=False)
    of(ReminderPause).delete(synchronize_session=False)
    _forget_mails(participant_ids)
    for table, emptied in (
        (StepStatus, ("note", "reason", "evidence_url", "evidence_file")),
        (Visit, ("notes", "place")),
        (Feedback, ("author_id",)),
    ):
        written = sa.or_(*(getattr(table, name).isnot(None) for name in emptied))
        _empty(of(table).filter(written), table, **dict.fromkeys(emptied))
    model.Session.query(Participant).filter(Participant.id.in_(participant_ids)).update(
        {"withdrawn_reason": None}, synchronize_session=False
    )
    of(Extension).update({"reason": None}, synchronize_session=False)
    # A visit has a topic; an empty one says nothing.
    _empty(of(Visit).filter(Visit.topic != ""), Visit, topic="")
    rows = (
        model.Session.query(Feedback.id, Feedback.answers, Cohort)
        .join(Participant, Participant.id == Feedback.participant_id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .filter(Participant.id.in_(participant_ids))
    )
    for id_, answers, cohort in rows.all():
        kept = opinions.without_words(_final_form(cohort), answers)
        if kept != answers:
            _empty(of(Feedback).filter_by(id=id_), Feedback, answers=kept)
    return file_ids


def _forget_mails(participant_ids: Collection[str]) -> None:
    """Cancel the mails about participants that wait, and leave no text in any of them.

    They stay in the list of the season's mails, with what they are about.
    """
    about = Mail.data["participant_id"]
    mails = model.Session.query(Mail).filter(about.astext.in_(participant_ids))  # type: ignore[attr-defined]
    mails.filter_by(state="waiting").update(
        {"state": "cancelled"}, synchronize_session=False
    )
    kept = sa.func.jsonb_build_object("participant_id", about)
    more = sa.or_(Mail.last_error.isnot(None), Mail.data != kept)
    mails.filter(more).update(
        {"last_error": None, "data": kept}, synchronize_session=False
    )
    counted = Mail.unproved_digest.isnot(None)  # type: ignore[union-attr]
    mails.filter(counted, outbox.no_longer_counted()).update(
        {"unproved_digest": None}, synchronize_session=False
    )


def _forget_late_codes(*which: Any) -> None:
    """Empty the notes on codes for late entry: they say for whom the codes are.

    A code with which somebody else came in keeps its note.
    """
    used = sa.select(Application.id).where(Application.late_code_id == LateCode.id)
    model.Session.query(LateCode).filter(*which, ~used.exists()).update(
        {"note": None}, synchronize_session=False
    )


def _empty(query: Any, table: Any, **left: Any) -> None:
    """Write what is left of some rows, and leave them their date."""
    values = {**left, "updated_at": table.updated_at}
    query.update(values, synchronize_session=False)


def _final_form(cohort: Cohort) -> Sequence[Question]:
    try:
        return programmes.of(cohort).feedback
    except programmes.ProgrammeMissing:
        return ()


def _forget_cohorts(now: datetime) -> list[str]:
    """Empty what was written in seasons whose archive is old enough, and commit.

    Organizations take part without an application, too, and one that was erased early
    left behind what its season still needed.
    """
    archived = _archived()
    rows = model.Session.execute(
        sa.select(Cohort.id, archived.c.archived)
        .join(archived, archived.c.object_id == Cohort.id)
        .where(Cohort.state == "archived")
    )
    over = [
        row.id
        for row in rows
        if retention.add_months(row.archived, _periods().decided) <= now
    ]
    participants = model.Session.query(Participant.id).filter(
        Participant.cohort_id.in_(over)
    )
    file_ids = _forget([id_ for (id_,) in participants])
    _forget_late_codes(LateCode.cohort_id.in_(over), LateCode.note.isnot(None))
    answered = model.Session.query(Claim).filter(Claim.cohort_id.in_(over))  # type: ignore[union-attr]
    answered.update({"reason": None}, synchronize_session=False)
    model.Session.commit()
    return file_ids


def _archived() -> Any:
    """When each season was archived for the last time."""
    return (
        sa.select(
            JournalEntry.object_id, sa.func.max(JournalEntry.at).label("archived")
        )
        .where(
            JournalEntry.object_type == "cohort",
            JournalEntry.action == "transition",
            JournalEntry.data["to"].astext == "archived",
        )
        .group_by(JournalEntry.object_id)
        .subquery()
    )


@dataclass(frozen=True)
class Candidate:
    """An application of which something is to be done.

    :ivar due: ``announce`` or ``erase``
    :ivar on: when it is, or is to be, erased
    """

    id: str
    reference: str
    state: str
    due: retention.Due
    on: datetime


@dataclass
class Purged:
    """What a purge did.

    :ivar subscriptions: those that nobody confirmed in time
    :ivar invitations: those into the team of a season that nobody followed in time
    :ivar errors: one line for each application that it failed at
    """

    announced: int = 0
    erased: int = 0
    files: int = 0
    subscriptions: int = 0
    invitations: int = 0
    errors: list[str] = field(default_factory=list)


def _periods() -> retention.Periods:
    return retention.Periods(
        decided=config.retention_months(), draft=config.retention_months_drafts()
    )


def candidates(now: datetime, application_id: str | None = None) -> list[Candidate]:
    """The applications of which something is to be done now, the oldest first.

    :param application_id: look at this one alone
    """
    archived = _archived()
    query = (
        sa.select(
            Application.id,
            Application.reference,
            Application.state,
            Application.updated_at,
            Application.decided_at,
            Application.erasure_announced_at,
            Application.contact_email,
            Cohort.state.label("season"),
            Cohort.finished_at,
            archived.c.archived,
        )
        .join(Cohort, Cohort.id == Application.cohort_id)
        .outerjoin(archived, archived.c.object_id == Cohort.id)
        .where(Application.erased_at.is_(None))
        .order_by(Application.updated_at, Application.id)
    )
    if application_id is not None:
        query = query.where(Application.id == application_id)
    return list(_judged(model.Session.execute(query), now))


def _judged(rows: Any, now: datetime) -> Iterator[Candidate]:
    periods = _periods()
    for row in rows:
        facts = retention.Facts(
            state=row.state,
            changed=row.updated_at,
            decided=row.decided_at,
            season=row.season,
            finished=row.finished_at,
            archived=row.archived,
            announced=row.erasure_announced_at,
            reachable=bool(row.contact_email),
        )
        due = retention.due(facts, periods, now)
        if due != "keep":
            on = retention.promised(facts, periods, now) if due == "announce" else now
            yield Candidate(row.id, row.reference, row.state, due, on)


def purge(
    found: list[Candidate],
    now: datetime,
    on_progress: Callable[[int], object] = lambda number: None,
) -> Purged:
    """Announce and erase what is due, each in a transaction of its own.

    What changed since it was found is left as it is.

    :param found: of :func:`candidates`
    """
    purged = Purged()
    for candidate in found:
        try:
            _purge_one(candidate, now, purged)
        except Exception as error:
            model.Session.rollback()
            # Not its text, nor a traceback: they may quote what the row holds.
            kind = type(error).__name__
            log.error("Application %s could not be purged: %s", candidate.id, kind)
            purged.errors.append(f"{candidate.reference}: {kind}")
        on_progress(1)
    gone = [*_forget_cohorts(now), *_forget_preparations(now)]
    try:
        file_store.remove(*gone)
        purged.files = remove_orphans(now)
    except OSError as error:
        # The rows are erased; the next night finds the files by that.
        log.exception("Files could not be removed")
        purged.errors.append(f"files: {error}")
    outbox.forget_digests()
    purged.subscriptions = unconfirmed(now).delete(synchronize_session=False)
    for staff in model.Session.scalars(team.ended_invitations(now)).all():
        team.dismiss(staff, journal.SYSTEM)
        purged.invitations += 1
    model.Session.commit()
    notifications.schedule_sending()
    return purged


def _purge_one(candidate: Candidate, now: datetime, purged: Purged) -> None:
    application = Application.get(candidate.id)
    if application is None:
        return
    lock_with_cohort(application)
    if [one.due for one in candidates(now, candidate.id)] != [candidate.due]:
        model.Session.rollback()
        return
    if candidate.due == "announce":
        _announce(application, candidate.on, now)
        model.Session.commit()
        purged.announced += 1
        return
    file_ids = erase(application, journal.SYSTEM)
    model.Session.commit()
    file_store.remove(*file_ids)
    purged.erased += 1


def _announce(application: Application, on: datetime, now: datetime) -> None:
    notifications.enqueue("retention", application=application, date=on.isoformat())
    journal.record(
        journal.SYSTEM,
        "announce_erasure",
        "application",
        application.id,
        {"on": on.isoformat()},
    )
    # Past the ORM: it is no change from which the period would begin anew.
    model.Session.execute(
        sa.update(Application.__table__)
        .where(Application.__table__.c.id == application.id)
        .values(erasure_announced_at=now, updated_at=application.updated_at)
    )


def _forget_preparations(now: datetime) -> list[str]:
    """Erase the spreadsheets that nobody worked on for a month.

    :returns: the ids of their files
    """
    found = model.Session.execute(
        sa.delete(Preparation)
        .where(Preparation.expires_at < now)
        .returning(Preparation.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(found.scalars())
    model.Session.commit()
    return ids


def unconfirmed(now: datetime) -> Any:
    """The subscriptions that nobody confirmed in time, as a query."""
    return model.Session.query(Subscription).filter(
        Subscription.confirmed_at.is_(None),
        Subscription.created_at < now - links.WAITS,
    )


def remove_orphans(now: datetime) -> int:
    """Remove stored files whose rows are gone: a process was killed in between.

    :returns: how many
    :raises OSError: the place for files cannot be used
    """
    if not file_places.enabled():
        return 0
    place = file_places.place()
    orphans = stored_files.abandoned(place, now.timestamp())
    return sum(place.remove(id_) for id_ in orphans)

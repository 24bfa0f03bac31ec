"""Mails: what is told to whom, and when.

A mail is a row of the outbox, added in the transaction of what it tells: both are
stored or neither is. After the commit a job sends what is due; a mail that fails is
tried again and never undoes what happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import session_events
from ckanext.challenge.model import Application, Mail, Participant, Subscription
from ckanext.challenge.model.base import make_id, utcnow

from . import endings, kinds, outbox, recipients

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Within this nothing is mailed: what is done concerns nobody real."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def is_quiet() -> bool:
    """Whether nothing is mailed now."""
    return _quiet.get()


def enqueue(
    kind: str,
    *,
    application: Application | None = None,
    participant: Participant | None = None,
    subscription: Subscription | None = None,
    cohort_id: str | None = None,
    user_id: str | None = None,
    author_id: str | None = None,
    **data: Any,
) -> int:
    """Add a mail to the outbox, in the current transaction of CKAN's session.

    A job sends it after the commit.

    It goes to the user or the subscriber; without either, to the contact of the
    application or, where the kind is for the staff or the members, to each of those
    whom it concerns.

    :param application: that it is about
    :param participant: that it is about
    :param subscription: for whose address it is
    :param cohort_id: the season; that of the application or of the participant if not
        given
    :param author_id: the user whose doing it tells, who is not told of it
    :param data: ids and other plain values that the text needs; never an address
    :returns: how many mails these are
    """
    if _quiet.get():
        return 0
    about = participant or application
    if cohort_id is None and about is not None:
        cohort_id = about.cohort_id
    if participant is not None:
        data["participant_id"] = participant.id
    readers = [user_id]
    reader = kinds.get(kind).reader
    if user_id is None and reader in ("members", "staff"):
        found = (
            recipients.members(participant)
            if reader == "members"
            else recipients.staff(application, cohort_id, participant)
        )
        readers = [user for user in found if user != author_id]
        if kinds.get(kind).ends and cohort_id is not None:
            ended = endings.users_of(cohort_id, found)
            readers = [user for user in readers if user not in ended]
    model.Session.add_all(
        Mail(
            kind=kind,
            cohort_id=cohort_id,
            application_id=application.id if application else None,
            user_id=user,
            subscription_id=subscription.id if subscription else None,
            data=data,
        )
        for user in readers
    )
    session_events.after_commit(schedule_sending)
    return len(readers)


def enqueue_many(rows: Sequence[Mapping[str, Any]]) -> int:
    """Add mails to the outbox in one go, in the current transaction of CKAN's session.

    :param rows: values of a :class:`Mail` each, ``kind`` among them, all with the same
        keys
    :returns: how many mails these are
    """
    if _quiet.get() or not rows:
        return 0
    now = utcnow()
    made = {"state": "waiting", "attempts": 0, "next_attempt_at": now}
    model.Session.execute(
        sa.insert(Mail.__table__),
        [{"id": make_id(), **made, "created_at": now, **row} for row in rows],
    )
    session_events.after_commit(schedule_sending)
    return len(rows)


def schedule_sending() -> None:
    """Have a job send what is due.

    Where Redis cannot be reached a line is logged, and ``ckan challenge mail send``
    sends it later.
    """
    if not _quiet.get():
        outbox.enqueue()

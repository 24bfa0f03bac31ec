"""The outbox: mails are written when they go, and tried again when they fail.

Each is sent under a lock on its row and its outcome is committed at once, so that
however many workers and commands run, each mail goes once. Only a process that is
killed between the mail server's answer and that commit leaves a mail that goes twice;
both then have the same ``Message-ID``.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import jobs
from ckanext.challenge.model import (
    Application,
    Cohort,
    Mail,
    Participant,
    Subscription,
    locks,
)
from ckanext.challenge.model.base import utcnow

from . import rendering, sending
from .kinds import Occasion

log = logging.getLogger(__name__)

#: How long a mail waits after each failure; after the next one it is given up.
WAITS = tuple(dt.timedelta(minutes=n) for n in (1, 5, 15, 60, 180, 360, 720))
#: How many mails go to an address that nobody has proved, and in what time. What is
#: more is not sent, and nobody is told: whoever asked may be who wants it flooded.
_MOST_TO_UNPROVED = ((3, dt.timedelta(hours=1)), (10, dt.timedelta(days=1)))
# A mail server that does not answer must not hold up the others for ever.
_SOCKET_SECONDS = 60
# Of a job, well below the time after which CKAN stops it (ckan.jobs.timeout).
_JOB_SECONDS = 60
_LONGEST_ERROR = 500


@dataclass
class Outcome:
    """What became of the mails that were due.

    :ivar more: whether some are still due, since the time was over
    """

    sent: int = 0
    failed: int = 0
    cancelled: int = 0
    more: bool = False


def due() -> int:
    """How many mails are due now."""
    return (
        model.Session.query(Mail.id)
        .filter(Mail.state == "waiting", Mail.next_attempt_at <= utcnow())
        .count()
    )


def enqueue() -> None:
    """Have what is due sent soon; call it after the commit."""
    jobs.enqueue_once(send_queued, title="challenge: send mails")


def send_queued() -> None:
    """The job: send what is due, and leave the rest to another job."""
    jobs.begun(send_queued)
    if send_due(seconds=_JOB_SECONDS).more:
        enqueue()


def send_due(
    seconds: float | None = None, on_progress: Callable[[int], None] | None = None
) -> Outcome:
    """Send the mails that are due, each once, the one that waited longest first.

    :param seconds: after which no further mail is begun
    :param on_progress: called with 1 for each mail
    """
    outcome = Outcome()
    end = None if seconds is None else time.monotonic() + seconds
    with _patient():
        while (mail := _take()) is not None:
            if end is not None and time.monotonic() > end:
                model.Session.rollback()
                outcome.more = True
                break
            _send(mail, outcome)
            model.Session.commit()
            if on_progress is not None:
                on_progress(1)
    model.Session.rollback()
    return outcome


@contextmanager
def _patient() -> Iterator[None]:
    """Wait for a mail server, but not for ever: CKAN's mailer sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SOCKET_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _take() -> Mail | None:
    """The next mail that is due, locked so that nobody else sends it."""
    return (
        model.Session.query(Mail)
        .filter(Mail.state == "waiting", Mail.next_attempt_at <= utcnow())
        .order_by(Mail.next_attempt_at, Mail.created_at)
        .populate_existing()
        .with_for_update(skip_locked=True)
        .first()
    )


def _send(mail: Mail, outcome: Outcome) -> None:
    rendered = None
    try:
        # What goes wrong in rendering must not cost the lock on the row.
        with model.Session.begin_nested():
            rendered = _render(mail)
        if rendered.unproved:
            _check_patience(rendered.unproved)
        sending.send(rendered, mail.id)
    except (
        rendering.NobodyToWriteTo,
        rendering.NothingToTell,
        rendering.Ended,
        _TooMany,
    ) as error:
        mail.state, mail.last_error = "cancelled", _CANCELLED[type(error)]
        outcome.cancelled += 1
    except Exception as error:
        _failed(mail, error, rendered)
        outcome.failed += 1
    else:
        mail.state, mail.sent_at, mail.last_error = "sent", utcnow(), None
        mail.attempts += 1
        mail.unproved_digest = rendered.unproved
        outcome.sent += 1


def no_longer_counted() -> Any:
    """Which mails say nothing any more of how many an address got, as a condition.

    Until then their digests stay, whatever is erased: else whoever has a mail erased
    could send the next one.
    """
    longest = max(time_ for _, time_ in _MOST_TO_UNPROVED)
    return sa.or_(Mail.sent_at.is_(None), Mail.sent_at <= utcnow() - longest)  # type: ignore[union-attr]


def forget_digests() -> None:
    """Forget to which addresses mails went that count no longer, and do not commit."""
    model.Session.query(Mail).filter(
        Mail.unproved_digest.isnot(None),  # type: ignore[union-attr]
        no_longer_counted(),
    ).update({"unproved_digest": None}, synchronize_session=False)


class _TooMany(Exception):
    """An address that nobody has proved got as many mails as it gets."""


#: What the outbox keeps of a mail that is not sent: one of ``labels.cancelled``.
_CANCELLED: dict[type[Exception], str] = {
    rendering.NobodyToWriteTo: "nobody",
    rendering.NothingToTell: "nothing",
    rendering.Ended: "ended",
    _TooMany: "enough",
}


def _check_patience(digest: str) -> None:
    """Stop what would be one mail too many to an address that nobody has proved.

    :param digest: of the address
    :raises _TooMany: it got as many within an hour, or a day, as it gets
    """
    # Another worker may be writing to the same address.
    locks.hold(f"mails to {digest}")
    sent = model.Session.query(Mail.id).filter(Mail.unproved_digest == digest)
    for most, time_ in _MOST_TO_UNPROVED:
        if sent.filter(Mail.sent_at > utcnow() - time_).count() >= most:
            raise _TooMany


def read(mail: Mail) -> rendering.RenderedMail:
    """A mail as it would be written now, for others than its reader.

    :raises rendering.NobodyToWriteTo: when there is no address any more
    :raises rendering.NothingToTell: when what it told is no longer so
    :raises rendering.WrongAddress: when there is something else in its place
    """
    return _render(mail, preview=True)


def _render(mail: Mail, preview: bool = False) -> rendering.RenderedMail:
    def found(table: type, key: str | None) -> Any:
        return model.Session.get(table, key, populate_existing=True) if key else None

    participant_id = mail.data.get("participant_id")
    participant = found(Participant, participant_id)
    if participant_id and participant is None:
        # Its organization was purged: nobody is concerned any more.
        raise rendering.NobodyToWriteTo
    occasion = Occasion(
        application=found(Application, mail.application_id),
        cohort=found(Cohort, mail.cohort_id),
        user=found(model.User, mail.user_id),
        participant=participant,
        subscription=found(Subscription, mail.subscription_id),
        campaign_id=mail.campaign_id,
        data=mail.data,
        preview=preview,
    )
    return rendering.render(mail.kind, occasion)


def _failed(
    mail: Mail, error: Exception, rendered: rendering.RenderedMail | None
) -> None:
    reason = f"{type(error).__name__}: {error}"
    if rendered is not None:
        reason = reason.replace(rendered.address, "…")
    # PostgreSQL takes neither NUL nor half a character, and must take this.
    printable = "".join(each if each.isprintable() else " " for each in reason)
    mail.last_error = printable[:_LONGEST_ERROR]
    if mail.attempts < len(WAITS) and not _is_final(error):
        mail.next_attempt_at = utcnow() + WAITS[mail.attempts]
    else:
        mail.state = "failed"
    mail.attempts += 1
    # Without the text of the error, and without a traceback: both may quote fields.
    log.warning(
        "Mail %s (%s) failed for the %d. time: %s",
        mail.id,
        mail.kind,
        mail.attempts,
        type(error).__name__,
    )


def _is_final(error: Exception) -> bool:
    """Whether no later attempt can do better: so says the address, or the server."""
    if isinstance(error, rendering.WrongAddress):
        return True
    cause = error.__context__
    return isinstance(cause, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 for code, _ in cause.recipients.values()
    )

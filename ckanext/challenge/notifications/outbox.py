"""The outbox: mails are written when they go, once, and tried again when they fail."""

from __future__ import annotations

import datetime as dt
import logging

from ckan import model

from ckanext.challenge.model import Application, Mail, Staff
from ckanext.challenge.model.base import utcnow

from . import mails

__all__ = ["send_due", "send_queued", "staff"]

log = logging.getLogger(__name__)

#: How long a mail that failed waits: then it is given up, after about a day.
_WAITS = tuple(dt.timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720))


def staff(application: Application | None, cohort_id: str | None) -> list[str]:
    """The ids of the users to whom a mail for the staff goes.

    The reviewer of the application, or else all managers of the season.
    """
    if application is not None and application.reviewer_id:
        return [application.reviewer_id]
    managers = model.Session.query(Staff.user_id).filter_by(
        cohort_id=cohort_id, role="manager"
    )
    return [user_id for (user_id,) in managers]


def send_queued() -> None:
    """The job: send what is due."""
    send_due()


def send_due() -> int:
    """Send the mails that are due.

    :returns: how many were sent
    """
    sent = 0
    while (mail := _take()) is not None:
        try:
            with model.Session.begin_nested():
                mails.send(mail)
        except Exception as error:
            _failed(mail, error)
        else:
            mail.state = "sent"
            mail.sent_at = utcnow()
            mail.last_error = None
            sent += 1
        model.Session.commit()
    return sent


def _take() -> Mail | None:
    """The next mail that is due, locked so that nobody else sends it."""
    return (
        model.Session.query(Mail)
        .filter(Mail.state == "waiting", Mail.next_attempt_at <= utcnow())
        .order_by(Mail.next_attempt_at)
        .with_for_update(skip_locked=True)
        .first()
    )


def _failed(mail: Mail, error: Exception) -> None:
    mail.last_error = f"{type(error).__name__}: {error}"
    if mail.attempts < len(_WAITS):
        mail.next_attempt_at = utcnow() + _WAITS[mail.attempts]
    else:
        mail.state = "failed"
    mail.attempts += 1
    log.warning("Mail %s (%s) failed: %s", mail.id, mail.kind, type(error).__name__)

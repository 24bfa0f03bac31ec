"""Mails: what is told to whom, and when.

A mail is a job, queued after the commit: a mail that fails is tried again and never
undoes what happened.
"""

from __future__ import annotations

import logging
from typing import Literal

import ckan.plugins.toolkit as tk
import rq
from redis.exceptions import RedisError

from . import mails

__all__ = ["Kind", "send"]

log = logging.getLogger(__name__)

Kind = Literal["receipt", "changes_requested", "accepted", "waitlisted", "refused"]

# At once, since CKAN's worker runs no scheduler that could wait.
_RETRIES = 3


def send(kind: Kind, application_id: str) -> None:
    """Queue the mail of this kind to the contact of an application.

    Call it after the commit. Where the queue cannot be reached a line is logged.
    """
    try:
        tk.enqueue_job(
            mails.mail_applicant,
            [kind, application_id],
            title=f"challenge: mail {kind} for {application_id}",
            rq_kwargs={"retry": rq.Retry(max=_RETRIES)},
        )
    except RedisError:
        log.exception(
            "The mail %s for application %s was not queued", kind, application_id
        )

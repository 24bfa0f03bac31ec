"""Mails: what is told to whom, and when.

A mail is a job, queued after the commit: a mail that fails is tried again and never
undoes what happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import rq

from ckanext.challenge import background

from . import mails

__all__ = ["Kind", "quiet", "send"]

Kind = Literal["receipt", "changes_requested", "accepted", "waitlisted", "refused"]

# At once, since CKAN's worker runs no scheduler that could wait.
_RETRIES = 3

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Within this nothing is mailed: what is done concerns nobody real."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def send(kind: Kind, application_id: str) -> None:
    """Queue the mail of this kind to the contact of an application."""
    if _quiet.get():
        return
    background.later(
        mails.mail_applicant,
        kind,
        application_id,
        title=f"challenge: mail {kind} for {application_id}",
        retry=rq.Retry(max=_RETRIES),
    )

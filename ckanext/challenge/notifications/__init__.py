"""Mails: what is told to whom, and when.

A mail is a row of the outbox, added in the transaction of what it tells: both are
stored or neither is. After the commit a job sends what is due; a mail that fails is
tried again and never undoes what happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ckan import model

from ckanext.challenge import background
from ckanext.challenge.model import Application, Mail

from . import outbox
from .kinds import KINDS, OF_DECISION, Kind

__all__ = ["OF_DECISION", "Kind", "deliver", "put", "quiet"]

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Within this nothing is mailed: what is done concerns nobody real."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def put(
    kind: Kind,
    *,
    application: Application | None = None,
    cohort_id: str | None = None,
    user_id: str | None = None,
    **data: Any,
) -> None:
    """Put a mail into the outbox, in the current transaction of CKAN's session.

    It goes to the user; without one, to the contact of the application, or, where
    the kind is for the staff, to each of those whom it concerns.

    :param cohort_id: the season; that of the application if not given
    :param data: ids and other plain values that the text needs; never an address
    """
    if _quiet.get():
        return
    if cohort_id is None and application is not None:
        cohort_id = application.cohort_id
    users: list[str | None] = [user_id]
    if user_id is None and KINDS[kind].reader == "staff":
        users = [*outbox.staff(application, cohort_id)]
    model.Session.add_all(
        Mail(
            kind=kind,
            cohort_id=cohort_id,
            application_id=application.id if application else None,
            user_id=user,
            data=data,
        )
        for user in users
    )


def deliver() -> None:
    """Have what is due sent by a job; call it after the commit.

    Where Redis cannot be reached a line is logged, and ``ckan challenge mail send``
    sends it later.
    """
    if not _quiet.get():
        background.later(outbox.send_queued, title="challenge: send mails")

"""Who wants no more mails to many of a season, nor reminders, and by which link.

A key is mailed to one reader and nowhere else: it names the season and the account, or
the application whose contact reads it. It never expires.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from itsdangerous import BadData, URLSafeSerializer

from ckanext.challenge.model import MailEnd

from .kinds import Occasion

_SALT = "ckanext.challenge.mails"
#: Stands for a key in a preview: whoever reads it ends nothing for another.
_HIDDEN = "…"


@dataclass(frozen=True)
class Reader:
    """Whom a key was mailed to: an account, or the contact of an application."""

    cohort_id: str
    user_id: str | None = None
    application_id: str | None = None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(tk.config["SECRET_KEY"], salt=_SALT)


def make_key(reader: Reader) -> str:
    """The key that ends mails of a season for somebody."""
    who = reader.user_id or "", reader.application_id or ""
    return str(_serializer().dumps([reader.cohort_id, *who]))


def read_key(key: Any) -> Reader | None:
    """Whom a key was mailed to; ``None`` for one that is altered or cut off."""
    try:
        cohort_id, user_id, application_id = _serializer().loads(key)
    except (BadData, TypeError, ValueError):
        return None
    return Reader(cohort_id, user_id or None, application_id or None)


def reader_of(occasion: Occasion) -> Reader | None:
    """Who reads a mail, as far as somebody may end such mails."""
    if occasion.cohort is None:
        return None
    if occasion.user is not None:
        return Reader(occasion.cohort.id, occasion.user.id)
    if occasion.application is not None:
        return Reader(occasion.cohort.id, application_id=occasion.application.id)
    return None


def has_ended(reader: Reader) -> bool:
    """Whether somebody wants no more of these mails."""
    return _of(reader).first() is not None


def end(reader: Reader) -> None:
    """Send somebody no more of these mails, in the caller's transaction."""
    if not has_ended(reader):
        model.Session.add(
            MailEnd(
                cohort_id=reader.cohort_id,
                user_id=reader.user_id,
                application_id=reader.application_id,
            )
        )


def begin_again(reader: Reader) -> None:
    """Send somebody these mails again, in the caller's transaction."""
    _of(reader).delete(synchronize_session=False)


def _of(reader: Reader) -> Any:
    rows = model.Session.query(MailEnd).filter_by(cohort_id=reader.cohort_id)
    if reader.user_id is not None:
        return rows.filter_by(user_id=reader.user_id)
    return rows.filter_by(application_id=reader.application_id)


def users_of(cohort_id: str, user_ids: Collection[str]) -> set[str]:
    """Which of these accounts want no more of these mails."""
    rows = model.Session.query(MailEnd.user_id).filter(
        MailEnd.cohort_id == cohort_id, MailEnd.user_id.in_(user_ids)
    )
    return {user_id for (user_id,) in rows if user_id}


def applications_of(cohort_id: str) -> set[str]:
    """Of which applications of a season the contact wants no more of these mails."""
    rows = model.Session.query(MailEnd.application_id).filter(
        MailEnd.cohort_id == cohort_id, MailEnd.application_id.isnot(None)
    )
    return {application_id for (application_id,) in rows if application_id}


def url(reader: Reader, preview: bool) -> str:
    """The address that ends these mails for somebody, with its scheme and host.

    :param preview: whether somebody else reads it: then it ends nothing
    """
    key = _HIDDEN if preview else make_key(reader)
    return str(tk.h.url_for("challenge_mail_ends.end", key=key, _external=True))

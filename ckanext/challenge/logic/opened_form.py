"""The mark of an application form: signed, it says when the form was opened.

It tells a robot from a person by the time that passed, lets what was begun in time be
kept after the deadline, and lets one form that is sent twice make one application.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from itsdangerous import BadData, URLSafeTimedSerializer

__all__ = ["OpenedForm", "make", "read"]

_SALT = "ckanext.challenge.form"
#: How long what was begun in time may take.
_PATIENCE = dt.timedelta(hours=24)


@dataclass(frozen=True)
class OpenedForm:
    """A form of a season that somebody opened.

    :ivar application_id: of the application that the form makes
    :ivar opened_at: when
    """

    application_id: str
    opened_at: dt.datetime

    def age(self, now: dt.datetime) -> dt.timedelta:
        """How long ago it was opened."""
        return now - self.opened_at

    def is_patient(self, now: dt.datetime) -> bool:
        """Whether it was opened recently enough to count as begun at that time."""
        return self.age(now) <= _PATIENCE


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(tk.config["SECRET_KEY"], salt=_SALT)


def make(cohort_id: str) -> str:
    """The mark of a form of this season that is opened now."""
    return _serializer().dumps([cohort_id, str(uuid.uuid4())])


def read(mark: Any, cohort_id: str) -> OpenedForm | None:
    """What a mark says, if it is genuine and of this season."""
    if not isinstance(mark, str):
        return None
    try:
        (cohort, application_id), opened_at = _serializer().loads(
            mark, return_timestamp=True
        )
    except (BadData, ValueError):
        return None
    return OpenedForm(application_id, opened_at) if cohort == cohort_id else None

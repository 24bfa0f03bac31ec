"""The mark of an application form: signed, it says when the form was opened.

It tells a robot from a person by the time that passed, lets what was begun in time be
kept after the deadline, and lets one form that is sent twice make one application.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from itsdangerous import BadData, URLSafeTimedSerializer

from ckanext.challenge.model.base import make_id

_SALT = "ckanext.challenge.form"
#: How long somebody may be busy with a form.
_MAX_AGE = dt.timedelta(hours=24)


@dataclass(frozen=True)
class FormToken:
    """A form of a season that somebody opened.

    :ivar application_id: of the application that the form makes
    :ivar opened_at: when
    :ivar in_time: whether the season took applications then
    """

    application_id: str
    opened_at: dt.datetime
    in_time: bool

    def age(self, now: dt.datetime) -> dt.timedelta:
        """How long ago it was opened."""
        return now - self.opened_at

    def is_recent(self, now: dt.datetime) -> bool:
        """Whether somebody may still be busy with it."""
        return self.age(now) <= _MAX_AGE


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(tk.config["SECRET_KEY"], salt=_SALT)


def make(cohort_id: str, in_time: bool) -> str:
    """The mark of a form of this season that is opened now.

    :param in_time: whether the season takes applications now
    """
    return _serializer().dumps([cohort_id, make_id(), in_time])


def read(mark: Any, cohort_id: str) -> FormToken | None:
    """What a mark says, if it is genuine and of this season."""
    if not isinstance(mark, str):
        return None
    try:
        (cohort, application_id, in_time), opened_at = _serializer().loads(
            mark, return_timestamp=True
        )
    except (BadData, ValueError):
        return None
    if cohort != cohort_id:
        return None
    return FormToken(application_id, opened_at, in_time)

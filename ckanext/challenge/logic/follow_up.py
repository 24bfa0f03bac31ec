"""The signed, expiring key that lets an applicant follow an application by a link."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from itsdangerous import BadData, URLSafeTimedSerializer

from ckanext.challenge import config

__all__ = ["make_key", "opens"]

_SALT = "ckanext.challenge.application"
_DAY = 24 * 3600


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(tk.config["SECRET_KEY"], salt=_SALT)


def make_key(application_id: str) -> str:
    """A key that opens this application, from now on for the configured days."""
    return _serializer().dumps(application_id)


def opens(key: Any, application_id: str) -> bool:
    """Whether the key is genuine, not expired, and this application's."""
    if not isinstance(key, str):
        return False
    try:
        found = _serializer().loads(key, max_age=config.follow_up_days() * _DAY)
    except BadData:
        return False
    return found == application_id

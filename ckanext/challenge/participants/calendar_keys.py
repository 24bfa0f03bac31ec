"""The secret addresses at which calendar programs read the visits of one person."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from itsdangerous import BadData, URLSafeSerializer

from ckanext.challenge.model import CalendarKey

_SALT = "ckanext.challenge.calendar"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(tk.config["SECRET_KEY"], salt=_SALT)


def of(user_id: str, cohort_id: str) -> CalendarKey | None:
    """The row of somebody's address for a season, if there is one."""
    return (
        model.Session.query(CalendarKey)
        .filter_by(user_id=user_id, cohort_id=cohort_id)
        .first()
    )


def text_of(row: CalendarKey) -> str:
    """The secret part of the address: nobody makes it without the portal's own."""
    text = _serializer().dumps(row.id)
    return text if isinstance(text, str) else text.decode()


def find(text: Any) -> CalendarKey | None:
    """Whose address it is; nothing of one that is wrong, or was ended."""
    if not isinstance(text, str):
        return None
    try:
        id_ = _serializer().loads(text)
    except BadData:
        return None
    return model.Session.get(CalendarKey, id_) if isinstance(id_, str) else None

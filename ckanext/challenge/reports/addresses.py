"""The read-only addresses of a report: keys that open it until a day, for a funder."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from itsdangerous import BadData, URLSafeSerializer

from ckanext.challenge import config
from ckanext.challenge.model import Cohort, ReportAddress


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(
        tk.config["SECRET_KEY"], salt="ckanext.challenge.report-address"
    )


def key_of(address: ReportAddress) -> str:
    """The key that opens the report; when it ends stands in its row."""
    return _serializer().dumps(address.id)


def url_of(address: ReportAddress) -> str:
    """The page that is sent to whoever reads there."""
    return str(
        tk.h.url_for(
            "challenge_report.funder",
            key=key_of(address),
            qualified=True,
            locale="default",
        )
    )


def state_of(address: ReportAddress, today: dt.date) -> str:
    """``open``, ``expired`` (its last day is over) or ``ended`` (by somebody)."""
    if address.ended_at is not None:
        return "ended"
    return "open" if today <= address.ends_on else "expired"


def opened_by(key: Any) -> ReportAddress | None:
    """The address of a key that opens still; nothing for any other key."""
    if not isinstance(key, str):
        return None
    try:
        id_ = _serializer().loads(key)
    except BadData:
        return None
    found = model.Session.get(ReportAddress, id_) if isinstance(id_, str) else None
    if found is None or state_of(found, config.today()) != "open":
        return None
    cohort = model.Session.get(Cohort, found.cohort_id)
    # As for everybody who is not of the team: a draft is not there.
    return found if cohort is not None and cohort.state != "draft" else None

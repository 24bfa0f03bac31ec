"""The pages: one blueprint per audience."""

from __future__ import annotations

from flask import Blueprint

from .. import memory
from .accompanying import accompanying
from .adviser import adviser
from .applicant import applicant
from .calendars import calendar
from .claims import claims
from .collectivite import collectivite
from .conformity import conformity
from .credentials import credentials, identity
from .erasure import erasure
from .feedback import feedback, opinions
from .mails import mails
from .manager import manager
from .organization import organization
from .participant import participant
from .public import public
from .report import report
from .settings import settings
from .subscriptions import subscriptions

__all__ = ["get_blueprints"]


def get_blueprints() -> list[Blueprint]:
    """The blueprints of all audiences."""
    memory.listen()
    return [
        public,
        applicant,
        erasure,
        claims,
        conformity,
        credentials,
        identity(),
        report,
        collectivite,
        participant,
        accompanying,
        feedback,
        calendar,
        manager,
        adviser,
        mails,
        opinions,
        settings,
        subscriptions,
        organization,
    ]

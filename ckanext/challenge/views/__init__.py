"""The pages: one blueprint per audience."""

from __future__ import annotations

from flask import Blueprint

from .. import memory
from .accompanying import accompanying
from .adviser import adviser
from .applicant import applicant
from .calendars import calendar
from .claims import claims
from .erasure import erasure
from .feedback import feedback, opinions
from .mails import mails
from .conformity import conformity
from .manager import manager
from .organization import organization
from .participant import participant
from .public import public
from .settings import settings

__all__ = ["get_blueprints"]


def get_blueprints() -> list[Blueprint]:
    """The blueprints of all audiences."""
    memory.listen()
    return [
        public,
        applicant,
        erasure,
        claims,
        participant,
        accompanying,
        calendar,
        feedback,
        manager,
        adviser,
        conformity,
        mails,
        opinions,
        settings,
        organization,
    ]

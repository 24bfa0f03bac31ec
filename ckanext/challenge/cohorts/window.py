"""Whether a season takes applications now."""

from __future__ import annotations

import datetime as dt

from ckanext.challenge import config
from ckanext.challenge.domain import admission
from ckanext.challenge.model import Cohort
from ckanext.challenge.model.base import utcnow


def window_of(cohort: Cohort, now: dt.datetime | None = None) -> admission.Window:
    """Whether the season takes applications now."""
    return admission.window(
        cohort.state,
        cohort.application_opens,
        cohort.application_deadline,
        now or utcnow(),
        config.display_timezone(),
    )

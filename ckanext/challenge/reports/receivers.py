"""What the account of a season does when others tell what they did."""

from __future__ import annotations

from typing import Any

from ckan import model

from ckanext.challenge import config
from ckanext.challenge.model import Cohort, ReportFile, SeasonAccount

from . import declared, measured


def season_finished(sender: Any, *, cohort: Cohort, **kwargs: Any) -> None:
    """Keep what is measured on the day on which a season finishes."""
    kept = declared.of_season(cohort.id)
    if kept is None:
        kept = SeasonAccount(cohort_id=cohort.id)
        model.Session.add(kept)
    day = config.today()
    kept.frozen = {
        **measured.account(cohort, day),
        "visits": measured.visits(cohort, day),
        "datasets": measured.datasets(cohort),
    }
    # What was printed before is not the report of its end.
    model.Session.query(ReportFile).filter_by(cohort_id=cohort.id).delete()

"""What the observatory does when others tell what they did."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ckan import model

from ckanext.challenge.model import Cohort
from ckanext.challenge.signals import AwardEvent

from . import snapshots, store


def organizations_judged(
    sender: Any, *, organization_ids: Collection[str], **kwargs: Any
) -> None:
    """Write what the organizations of an evaluation have opened, with its verdicts."""
    store.refresh(organization_ids)


def awards_changed(sender: Any, *, events: Sequence[AwardEvent], **kwargs: Any) -> None:
    """Write what a person gave or took back; an evaluation writes all by itself."""
    if sender != "evaluate":
        model.Session.flush()
        store.refresh({event.organization_id for event in events})


def season_finished(sender: Any, *, cohort: Cohort, **kwargs: Any) -> None:
    """Keep the figures with which a season ends."""
    snapshots.of_season(cohort.name)

"""What the observatory does when others tell what they did."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ckanext.challenge.model import Cohort

from . import snapshots, store


def organizations_judged(
    sender: Any, *, organization_ids: Collection[str], **kwargs: Any
) -> None:
    """Write what the organizations of an evaluation have opened, with its verdicts."""
    store.refresh(organization_ids)


def season_finished(sender: Any, *, cohort: Cohort, **kwargs: Any) -> None:
    """Keep the figures with which a season ends."""
    snapshots.of_season(cohort.name)

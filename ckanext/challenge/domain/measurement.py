"""What is measured, and what a measure answers.

Named tuples and not dataclasses: an evaluation of a whole portal makes millions.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

#: How many datasets a measurement names at most on either side.
NAMED_DATASETS = 20

#: Measures that differ between the seasons of one organization, and are nothing
#: without one.
SEASONAL = frozenset({"datasets_since_launch", "kits_chosen"})


class Subject(NamedTuple):
    """Whom to measure.

    :ivar organization_id: id of the CKAN organization
    :ivar cohort_id: id of the cohort, for the measures that depend on a season
        (:data:`SEASONAL`)
    :ivar since: day of that cohort's launch, in the portal's time zone
    """

    organization_id: str
    cohort_id: str | None = None
    since: datetime.date | None = None


class Measurement(NamedTuple):
    """What a measure found for one subject.

    :ivar value: a count, or a share between 0 and 1
    :ivar of: for a share, over how many datasets it was taken
    :ivar failing: ids of (at most :data:`NAMED_DATASETS`) datasets that keep the
        value down
    :ivar passing: ids of (at most :data:`NAMED_DATASETS`) datasets that count
    :ivar missing: for each of ``failing``, in its order, the names of what it lacks:
        criteria of :mod:`.quality`, ``license_id`` (an open licence) or ``schema`` (a
        file that follows it)
    :ivar lacking: the names of the fields that the organization itself lacks
    """

    value: float
    of: int | None = None
    failing: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    missing: tuple[tuple[str, ...], ...] = ()
    lacking: tuple[str, ...] = ()

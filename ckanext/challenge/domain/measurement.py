"""What is measured, and what a measure answers.

Named tuples and not dataclasses: an evaluation of a whole portal makes millions.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

#: How many datasets a measurement names at most on either side.
NAMED_DATASETS = 20


class Season(NamedTuple):
    """When a season counts the datasets of one of its participants.

    :ivar launch: its first day, in the portal's time zone
    :ivar finished: when it ended, in seconds since 1970; none while it has not
    """

    launch: datetime.date
    finished: float | None = None


class Subject(NamedTuple):
    """Whom to measure.

    :ivar organization_id: id of the CKAN organization
    :ivar cohort_id: id of the cohort, for the measures that depend on a season
    :ivar since: day of that cohort's launch, in the portal's time zone
    :ivar earlier: the seasons launched before in which the organization takes part:
        what was opened during one of them is counted there
    """

    organization_id: str
    cohort_id: str | None = None
    since: datetime.date | None = None
    earlier: tuple[Season, ...] = ()


class Measurement(NamedTuple):
    """What a measure found for one subject.

    :ivar value: a count, or a share between 0 and 1
    :ivar of: for a share, over how many datasets it was taken
    :ivar failing: ids of (at most :data:`NAMED_DATASETS`) datasets that keep the
        value down
    :ivar passing: ids of (at most :data:`NAMED_DATASETS`) datasets that count
    :ivar missing: for each of ``failing``, in its order, the names of what it lacks:
        those that its measure has words for
    :ivar lacking: the names of what the organization itself lacks, likewise
    """

    value: float
    of: int | None = None
    failing: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    missing: tuple[tuple[str, ...], ...] = ()
    lacking: tuple[str, ...] = ()

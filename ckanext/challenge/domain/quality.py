"""The quality of one dataset: nine criteria, each met or not.

Those of data.gouv.fr: udata, ``udata/core/dataset/models.py`` (``compute_quality`` and
``quality``). What is met travels as a number of nine bits: a whole portal's datasets
pass through here.
"""

from __future__ import annotations

from collections.abc import Collection

#: The names of the criteria, in the order in which pages list them; the first one is
#: the lowest bit.
CRITERIA = (
    "licence",
    "temporal_coverage",
    "spatial_coverage",
    "frequency",
    "updated_in_time",
    "description",
    "open_format",
    "reachable",
    "resources_described",
)
MAXIMUM = len(CRITERIA)

#: From how many points on a dataset counts as well described.
DESCRIBED = 7

_MISSING = tuple(
    tuple(name for bit, name in enumerate(CRITERIA) if not met >> bit & 1)
    for met in range(1 << MAXIMUM)
)


def points(met: int) -> int:
    """Return how many criteria are met, 0 to :data:`MAXIMUM`.

    :param met: a bit for each of :data:`CRITERIA`
    """
    return met.bit_count()


def first_of(name: str, lacking: Collection[str]) -> str:
    """Return what has to be done for something that is missing.

    Without a declared frequency nothing can be up to date, and with one it often is.

    :param lacking: the names of all that is missing
    """
    if name == "updated_in_time" and "frequency" in lacking:
        return "frequency"
    return name


def missing(met: int) -> tuple[str, ...]:
    """Return the names of the criteria that are not met, in their order.

    :param met: a bit for each of :data:`CRITERIA`
    """
    return _MISSING[met]

"""The quality of metadata as data.europa.eu counts it: 405 points.

Its Metadata Quality Assessment looks at DCAT-AP: what can be found, reached, combined,
used again and understood. Weights are those of its published methodology
(https://data.europa.eu/mqa/methodology). Here a dataset is judged by what the portal
knows of it, as its DCAT says it; of its files the best one counts, as for an open
format in :mod:`.quality`. What is true travels as a number, a bit for each fact: a
whole portal's datasets pass through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

Dimension = Literal[
    "findability", "accessibility", "interoperability", "reusability", "context"
]
Rating = Literal["excellent", "good", "sufficient", "bad"]

#: What the catalogue says of a dataset; the first one is the lowest bit.
FACTS = (
    "keyword",
    "theme",
    "spatial_coverage",
    "temporal_coverage",
    "answers",
    "download",
    "format",
    "known_format",
    "non_proprietary",
    "machine_readable",
    "notes",
    "licence",
    "known_licence",
    "contact",
    "size",
)


class Indicator(NamedTuple):
    """Something that gives points.

    :ivar needs: the facts that it follows from, all of them; of none where the portal
        says it of every public dataset
    """

    name: str
    dimension: Dimension
    points: int
    needs: tuple[str, ...] = ()


INDICATORS = (
    Indicator("keyword", "findability", 30, ("keyword",)),
    Indicator("theme", "findability", 30, ("theme",)),
    Indicator("spatial", "findability", 20, ("spatial_coverage",)),
    Indicator("temporal", "findability", 20, ("temporal_coverage",)),
    Indicator("access_answers", "accessibility", 50, ("answers",)),
    Indicator("download", "accessibility", 20, ("download",)),
    Indicator("download_answers", "accessibility", 30, ("download", "answers")),
    Indicator("format", "interoperability", 20, ("format",)),
    Indicator("media_type", "interoperability", 10, ("known_format",)),
    Indicator("vocabularies", "interoperability", 10, ("known_format",)),
    Indicator("non_proprietary", "interoperability", 20, ("non_proprietary",)),
    Indicator("machine_readable", "interoperability", 20, ("machine_readable",)),
    Indicator("dcat_ap", "interoperability", 30, ("notes",)),
    Indicator("licence", "reusability", 20, ("licence",)),
    Indicator("known_licence", "reusability", 10, ("known_licence",)),
    Indicator("access_rights", "reusability", 10),
    Indicator("known_access_rights", "reusability", 5),
    Indicator("contact", "reusability", 20, ("contact",)),
    Indicator("publisher", "reusability", 10),
    Indicator("rights", "context", 5, ("known_licence",)),
    Indicator("size", "context", 5, ("size",)),
    Indicator("issued", "context", 5),
    Indicator("modified", "context", 5),
)
MAXIMUM = sum(indicator.points for indicator in INDICATORS)
DIMENSIONS: tuple[Dimension, ...] = tuple(
    dict.fromkeys(indicator.dimension for indicator in INDICATORS)
)

#: From how many points on a dataset, or a catalogue by its mean, is called what.
EXCELLENT = 351
_RATINGS: tuple[tuple[int, Rating], ...] = (
    (EXCELLENT, "excellent"),
    (221, "good"),
    (121, "sufficient"),
)

_MASKS = {
    indicator.name: sum(1 << FACTS.index(fact) for fact in indicator.needs)
    for indicator in INDICATORS
}


class Summary(NamedTuple):
    """How the datasets of a catalogue stand together.

    :ivar datasets: how many there are
    :ivar points: the mean of their points, 0 without a dataset
    :ivar dimensions: that of each dimension
    :ivar lacking: how many datasets lack each indicator that some lack, in their order
    """

    datasets: int
    points: float
    dimensions: Mapping[Dimension, float]
    lacking: Mapping[str, int]


def points(met: int) -> int:
    """Return the points of a dataset, 0 to :data:`MAXIMUM`.

    :param met: a bit for each of :data:`FACTS`
    """
    return _points(met)


@lru_cache(maxsize=1 << len(FACTS))
def _points(met: int) -> int:
    return MAXIMUM - sum(indicator.points for indicator in lacking(met))


@lru_cache(maxsize=1 << len(FACTS))
def lacking(met: int) -> tuple[Indicator, ...]:
    """Return the indicators that give no points, in their order.

    :param met: a bit for each of :data:`FACTS`
    """
    return tuple(
        indicator
        for indicator in INDICATORS
        if met & _MASKS[indicator.name] != _MASKS[indicator.name]
    )


@lru_cache(maxsize=1 << len(FACTS))
def missing(met: int) -> tuple[str, ...]:
    """Return the facts that are not so and would give points, in their order.

    :param met: a bit for each of :data:`FACTS`
    """
    return tuple(name for bit, name in enumerate(FACTS) if not met >> bit & 1)


def rating(number: float) -> Rating:
    """Return what so many points are called."""
    for least, word in _RATINGS:
        if number >= least:
            return word
    return "bad"


def maximum_of(dimension: Dimension) -> int:
    """Return how many points a dimension can give."""
    return sum(one.points for one in INDICATORS if one.dimension == dimension)


def summary(datasets: Iterable[tuple[int, int]]) -> Summary:
    """Return how datasets stand together.

    :param datasets: what is true of them (a bit for each of :data:`FACTS`), and of how
        many; each combination once
    """
    rows = list(datasets)
    total = sum(number for _, number in rows)
    counted = dict.fromkeys((indicator.name for indicator in INDICATORS), 0)
    for met, number in rows:
        for indicator in lacking(met):
            counted[indicator.name] += number
    lost = dict.fromkeys(DIMENSIONS, 0)
    for indicator in INDICATORS:
        lost[indicator.dimension] += indicator.points * counted[indicator.name]
    means: dict[Dimension, float] = {
        dimension: maximum_of(dimension) - lost[dimension] / total if total else 0.0
        for dimension in DIMENSIONS
    }
    return Summary(
        total,
        sum(means.values()),
        means,
        {name: number for name, number in counted.items() if number},
    )

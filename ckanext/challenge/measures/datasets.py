"""Measures over the public datasets of an organization.

A dataset counts when the public can see it: active, not private, of the type
``dataset``. However many measures are asked for, of however many organizations, they
are one statement: it answers what the measures need to know of each dataset, and a
small function for each measure makes its value of that. So a dataset is read once,
and its id, which many measures name, is sent once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, NamedTuple

from ckanext.challenge import config
from ckanext.challenge.domain.measurement import (
    NAMED_DATASETS,
    Measurement,
    Subject,
)
from ckanext.challenge.domain.quality import (
    CRITERIA,
    DESCRIBED,
    MAXIMUM,
    missing,
    points,
)

from . import quality
from .base import array, rows
from .catalog import PUBLIC, dataset_extras
from .quality import Fact

__all__ = ["NAMES", "downloads", "measure"]

#: Licences that an administration may choose for free reuse (CRPA D323-2-1, décret
#: 2017-638): Licence Ouverte 2.0 and ODbL, under the names that catalogues use.
OPEN_LICENCES = (
    "etalab-2.0",
    "lov2",
    "fr-lo",
    "odc-odbl",
    "odbl",
    "odbl-1.0",
)


def _literals(values: Collection[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


# 2 where a resource conforms, 1 where it was checked and does not. Looked up for the
# few resources that name a schema, and not joined to all.
_REPORT = """
    CASE WHEN r.extras LIKE '%"schema"%' THEN (
        SELECT CASE c.status WHEN 'valid' THEN 2 WHEN 'pending' THEN 0
                             WHEN 'unknown_schema' THEN 0 ELSE 1 END
        FROM challenge_conformity c WHERE c.resource_id = r.id
    ) END
"""

#: What measures may ask of a dataset. Each is a number of a few bits, and those that
#: are wanted travel together in one. The criteria of quality come first: where all
#: nine are wanted, they are the nine lowest bits in their order.
FACTS: Mapping[str, Fact] = {
    **quality.FACTS,
    "open_licence": Fact(
        lambda _: f"lower(coalesce(p.license_id, '')) IN ({_literals(OPEN_LICENCES)})"
    ),
    "has_files": Fact(lambda _: "files.number > 0", files=quality.NUMBER),
    "report": Fact(
        lambda _: "files.report",
        bits=2,
        files={"report": f"coalesce(max({_REPORT}), 0)"},
    ),
}
_QUALITY = (1 << MAXIMUM) - 1


class Datasets:
    """The datasets of one organization, and what is known of each.

    Its lists are all in the order of the ids, so that a measurement names the same
    datasets every time.

    :ivar ids: their ids
    :ivar kits: the kit of each, if it was asked for
    :ivar created: when each was created, in seconds since 1970, if it was asked for
    :ivar resources: how many resources they have together, likewise
    """

    def __init__(
        self,
        datasets: Iterable[tuple[str, int, str | None, int]],
        resources: int,
        shifts: Mapping[str, int],
    ) -> None:
        columns = list(zip(*sorted(datasets), strict=True))
        self.ids: tuple[str, ...] = columns[0]
        self._facts: tuple[int, ...] = columns[1]
        self.kits: tuple[str | None, ...] = columns[2]
        self.created: tuple[int, ...] = columns[3]
        self.resources = resources
        self._shifts = shifts

    def __len__(self) -> int:
        return len(self.ids)

    def split(self, fact: str) -> tuple[list[str], list[str]]:
        """The ids of those of which it is true, and of the others."""
        mask = 1 << self._shifts[fact]
        pairs = list(zip(self.ids, self._facts, strict=True))
        return (
            [id_ for id_, facts in pairs if facts & mask],
            [id_ for id_, facts in pairs if not facts & mask],
        )

    def numbers(self, fact: str) -> list[int]:
        """The number of a fact, for each."""
        shift, mask = self._shifts[fact], (1 << FACTS[fact].bits) - 1
        return [facts >> shift & mask for facts in self._facts]

    @cached_property
    def described(self) -> _Described:
        """Their quality; where all nine criteria were asked for."""
        met = [facts & _QUALITY for facts in self._facts]
        numbers = list(map(points, met))
        rows = list(zip(self.ids, numbers, met, strict=True))
        failing = [row for row in rows if row[1] < DESCRIBED]
        return _Described(
            sum(numbers),
            [id_ for id_, number, _ in rows if number >= DESCRIBED],
            [id_ for id_, _, _ in failing],
            [missing(bits) for _, _, bits in failing[:NAMED_DATASETS]],
        )


class _Described(NamedTuple):
    """The quality of an organization's datasets.

    :ivar points: of all of them together
    :ivar passing: the ids of the well-described
    :ivar failing: the ids of the others
    :ivar missing: what the first of the others lack
    """

    points: int
    passing: list[str]
    failing: list[str]
    missing: list[tuple[str, ...]]


def _measurement(
    value: float,
    of: int | None = None,
    *,
    failing: Sequence[str] = (),
    passing: Sequence[str] = (),
    missing: Sequence[tuple[str, ...]] = (),
) -> Measurement:
    """A measurement that names no more than it may.

    :param missing: what each of those failing lacks
    """
    return Measurement(
        float(value),
        of,
        tuple(failing[:NAMED_DATASETS]),
        tuple(passing[:NAMED_DATASETS]),
        tuple(missing[:NAMED_DATASETS]),
    )


def _share(datasets: Datasets, fact: str, lacks: str) -> Measurement:
    """The share of those of which something is true; the others all lack the same."""
    passing, failing = datasets.split(fact)
    total = len(datasets)
    return _measurement(
        len(passing) / total,
        total,
        failing=failing,
        passing=passing,
        missing=((lacks,),) * len(failing),
    )


def datasets_public(datasets: Datasets) -> Measurement:
    return _measurement(len(datasets), passing=datasets.ids)


def datasets_since_launch(datasets: Datasets, subject: Subject) -> Measurement:
    """Created on the day of the season's launch or later, in the portal's zone."""
    if subject.since is None:
        return _measurement(0)
    start = _start_of(subject.since)
    pairs = zip(datasets.ids, datasets.created, strict=True)
    passing = [id_ for id_, created in pairs if created >= start]
    return _measurement(len(passing), passing=passing)


def _start_of(day: dt.date) -> int:
    """The first moment of a day in the portal's zone, in seconds since 1970."""
    midnight = dt.datetime.combine(day, dt.time(), config.display_timezone())
    return int(midnight.timestamp())


def kits_covered(datasets: Datasets) -> Measurement:
    pairs = zip(datasets.ids, datasets.kits, strict=True)
    passing = [id_ for id_, kit in pairs if kit]
    return _measurement(len(set(filter(None, datasets.kits))), passing=passing)


def resources_public(datasets: Datasets) -> Measurement:
    passing, _ = datasets.split("has_files")
    return _measurement(datasets.resources, passing=passing)


def open_licence_share(datasets: Datasets) -> Measurement:
    return _share(datasets, "open_licence", "license_id")


def open_format_share(datasets: Datasets) -> Measurement:
    return _share(datasets, "open_format", "open_format")


def fresh_share(datasets: Datasets) -> Measurement:
    """A dataset that declares no frequency lacks that, and no newer file."""
    found = _share(datasets, "updated_in_time", "updated_in_time")
    declared = dict(zip(datasets.ids, datasets.numbers("frequency"), strict=True))
    return found._replace(
        missing=tuple(
            ("updated_in_time",) if declared[id_] else ("frequency",)
            for id_ in found.failing
        )
    )


def described_share(datasets: Datasets) -> Measurement:
    _, passing, failing, missing = datasets.described
    total = len(datasets)
    return _measurement(
        len(passing) / total, total, failing=failing, passing=passing, missing=missing
    )


def quality_mean(datasets: Datasets) -> Measurement:
    """Those with fewer points than a well-described one are named as failing."""
    total = len(datasets)
    sum_, passing, failing, missing = datasets.described
    return _measurement(
        sum_ / total / MAXIMUM, total, failing=failing, passing=passing, missing=missing
    )


def conform_datasets(datasets: Datasets) -> Measurement:
    """Those named as failing have been checked, and have no file that conforms."""
    pairs = list(zip(datasets.ids, datasets.numbers("report"), strict=True))
    passing = [id_ for id_, report in pairs if report == 2]
    failing = [id_ for id_, report in pairs if report == 1]
    return _measurement(
        len(passing),
        failing=failing,
        passing=passing,
        missing=(("schema",),) * len(failing),
    )


@dataclass(frozen=True)
class _Recipe:
    """How a measure is made: what it needs to know, and its function.

    :ivar columns: more that it needs of each dataset (``kit``, ``created``,
        ``resources``)
    :ivar of_season: whether it differs between the seasons of one organization
    """

    function: Callable[[Datasets, Subject], Measurement]
    facts: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()
    of_season: bool = False


def _recipe(
    function: Callable[[Datasets], Measurement], *facts: str, column: str | None = None
) -> _Recipe:
    return _Recipe(
        lambda datasets, _: function(datasets),
        facts,
        frozenset([column] if column else []),
    )


_RECIPES: Mapping[str, _Recipe] = {
    "datasets_public": _recipe(datasets_public),
    "datasets_since_launch": _Recipe(
        datasets_since_launch, columns=frozenset(["created"]), of_season=True
    ),
    "kits_covered": _recipe(kits_covered, column="kit"),
    "resources_public": _recipe(resources_public, "has_files", column="resources"),
    "open_licence_share": _recipe(open_licence_share, "open_licence"),
    "open_format_share": _recipe(open_format_share, "open_format"),
    "described_share": _recipe(described_share, *CRITERIA),
    "quality_mean": _recipe(quality_mean, *CRITERIA),
    "conform_datasets": _recipe(conform_datasets, "report"),
    "fresh_share": _recipe(fresh_share, "updated_in_time", "frequency"),
}

#: The measures that :func:`measure` makes.
NAMES = tuple(_RECIPES)


def measure(
    names: Collection[str], subjects: Sequence[Subject]
) -> dict[str, dict[Subject, Measurement]]:
    """Any of the measures in :data:`NAMES`, in one statement.

    :returns: for each name, the measurements of subjects that have a dataset
    """
    recipes = {name: _RECIPES[name] for name in names}
    wanted = {fact for recipe in recipes.values() for fact in recipe.facts}
    shifts: dict[str, int] = {}
    width = 0
    for name, fact in FACTS.items():
        if name in wanted:
            shifts[name] = width
            width += fact.bits
    columns = frozenset[str]().union(*(recipe.columns for recipe in recipes.values()))
    by_organization: dict[str, list[Subject]] = {}
    for subject in subjects:
        by_organization.setdefault(subject.organization_id, []).append(subject)

    statement = _statement(shifts, columns)
    found: dict[str, dict[Subject, Measurement]] = {name: {} for name in recipes}
    for row in rows(
        statement,
        organizations=array(by_organization),
        **({"now": quality.now()} if ":now" in statement else {}),
    ):
        datasets = Datasets(
            zip(
                row.ids,
                row.facts,
                row.kits or repeat(None),
                row.created or repeat(0),
                strict=False,
            ),
            row.resources,
            shifts,
        )
        about = by_organization[row.organization]
        for name, recipe in recipes.items():
            measured = recipe.function(datasets, about[0])
            found[name][about[0]] = measured
            for subject in about[1:]:
                found[name][subject] = (
                    recipe.function(datasets, subject) if recipe.of_season else measured
                )
    return found


def _statement(shifts: Mapping[str, int], columns: Collection[str]) -> str:
    """One row for each organization: its datasets, and the facts of each."""
    facts = [FACTS[name] for name in shifts]
    keys = {key for fact in facts for key in fact.extras}
    files = {name: sql for fact in facts for name, sql in fact.files.items()}
    if "kit" in columns:
        keys.add("challenge_kit")
    if "resources" in columns:
        files |= quality.NUMBER
    extras = dataset_extras(sorted(keys))
    optional = {
        "kit": extras.columns.get("challenge_kit", ""),
        "created": "CAST(floor(extract(epoch FROM p.metadata_created)) AS bigint)",
        "resources": "files.number",
    }
    selected = "".join(
        f", {sql} AS {name}" for name, sql in optional.items() if name in columns
    )
    return f"""
        SELECT organization, array_agg(id) AS ids, array_agg(facts) AS facts,
               {"array_agg(kit)" if "kit" in columns else "NULL"} AS kits,
               {"array_agg(created)" if "created" in columns else "NULL"} AS created,
               {"sum(resources)" if "resources" in columns else "0"} AS resources
        FROM (
            SELECT p.owner_org AS organization, p.id,
                   {quality.packed(facts, extras)} AS facts{selected}
            FROM package p
            {extras.joins}
            {quality.lateral(files)}
            WHERE p.owner_org = ANY (CAST(:organizations AS text[])) AND {PUBLIC}
        ) AS datasets
        GROUP BY organization
    """


def downloads(subjects: Sequence[Subject]) -> dict[Subject, Measurement]:
    """Downloads that CKAN's tracking has summed up (``ckan tracking update``).

    It keeps the address of a file: that of an upload holds the resource's id, that
    of a link is the link.
    """
    statement = f"""
        SELECT organization, sum(downloads) AS downloads, array_agg(id) AS ids
        FROM (
            SELECT p.owner_org AS organization, p.id, sum(t.count) AS downloads
            FROM package p
            JOIN resource r ON r.package_id = p.id AND r.state = 'active'
            JOIN tracking_summary t ON t.tracking_type = 'resource'
                 AND r.id = substring(t.url from '/resource/([^/]+)/download/')
            WHERE p.owner_org = ANY (CAST(:organizations AS text[])) AND {PUBLIC}
            GROUP BY p.id
            UNION ALL
            SELECT p.owner_org, p.id, sum(t.count)
            FROM package p
            JOIN resource r ON r.package_id = p.id AND r.state = 'active'
                 AND r.url_type IS DISTINCT FROM 'upload'
            JOIN tracking_summary t ON t.tracking_type = 'resource' AND t.url = r.url
            WHERE p.owner_org = ANY (CAST(:organizations AS text[])) AND {PUBLIC}
            GROUP BY p.id
        ) AS datasets
        WHERE downloads > 0
        GROUP BY organization
    """
    organizations = array(dict.fromkeys(s.organization_id for s in subjects))
    found: dict[Any, Measurement] = {
        row.organization: _measurement(row.downloads, passing=sorted(set(row.ids)))
        for row in rows(statement, organizations=organizations)
    }
    return {
        subject: found[subject.organization_id]
        for subject in subjects
        if subject.organization_id in found
    }

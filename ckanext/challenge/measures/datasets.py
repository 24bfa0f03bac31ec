"""Measures over the public datasets of an organization.

A dataset counts when the public can see it: active, not private, of the type
``dataset``. However many measures are asked for, of however many organizations, they
are one statement: it answers what the measures need to know of each dataset, and a
small function for each measure makes its value of that. So a dataset is read once,
and its id, which many measures name, is sent once.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import compress, groupby, islice
from operator import attrgetter, not_
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
from flask_babel import lazy_gettext as _
from psycopg2.extensions import INTEGERARRAY, LONGINTEGERARRAY, UNICODEARRAY

from ckanext.challenge import config
from ckanext.challenge.domain import mqa
from ckanext.challenge.domain.measurement import NAMED_DATASETS, Measurement, Subject
from ckanext.challenge.domain.quality import (
    CRITERIA,
    DESCRIBED,
    MAXIMUM,
    missing,
    points,
)
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.catalog import (
    PUBLIC,
    Extras,
    dataset_extras,
    lawful_licences,
    resource_has,
)

from . import mqa as european
from . import quality
from .base import Measure, rows
from .fixes import CRITERIA as QUALITY_LACKS
from .fixes import EUROPEAN as EUROPEAN_LACKS
from .fixes import NEW_DATASET, Lack
from .quality import Fact


def _is_open(extras: Extras) -> str:
    """An administration may choose this licence for free reuse (CRPA D323-2-1, décret
    2017-638): Licence Ouverte 2.0 and ODbL, under the names that catalogues use.
    """
    names = ", ".join(f"'{id_}'" for id_ in lawful_licences())
    return f"lower(coalesce({extras.columns['license_id']}, '')) IN ({names})"


# 2 where a resource conforms, 1 where it was checked and does not. Where the check
# broke, the portal is at fault.
_REPORT = (
    f"max(CASE WHEN c.status = 'valid' THEN 2 WHEN {quality.REFUSED} THEN 1 ELSE 0 END)"
)

_CONFORMS = 2


def reports() -> str:
    """What joins the last report ``c`` to a resource ``r`` that names a schema."""
    return f"""LEFT JOIN challenge_conformity c ON c.resource_id = r.id
               AND {resource_has("schema")}"""


#: What measures may ask of a dataset. Each is a number of a few bits, and those that
#: are wanted travel together in one. The criteria of quality come first: where all
#: nine are wanted, they are the nine lowest bits in their order.
FACTS: Mapping[str, Fact] = {
    **quality.FACTS,
    "open_licence": Fact(_is_open, extras=("license_id",)),
    "has_files": Fact(lambda _: quality.HAS_FILES, files=quality.NUMBER),
    "report": Fact(
        lambda _: "coalesce(files.report, 0)", bits=2, files={"report": _REPORT}
    ),
    **european.OWN,
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

    def __init__(self, row: Any, shifts: Mapping[str, int]) -> None:
        """
        :param row: of :func:`_statement`
        :param shifts: the lowest bit of each fact in the numbers of the row
        """
        self.ids: list[str] = UNICODEARRAY(row.ids, None)
        self.kits: list[str | None] = UNICODEARRAY(row.kits, None) or []
        self.created: list[int] = LONGINTEGERARRAY(row.created, None) or []
        self.resources: int = row.resources
        self._facts: list[int] = INTEGERARRAY(row.facts, None)
        self._shifts = shifts

    def __len__(self) -> int:
        return len(self.ids)

    def holds(self, fact: str) -> list[int]:
        """For each, 0 where something is not true of it."""
        mask = 1 << self._shifts[fact]
        return [facts & mask for facts in self._facts]

    def numbers(self, fact: str) -> list[int]:
        """The number of a fact, for each."""
        shift, mask = self._shifts[fact], (1 << FACTS[fact].bits) - 1
        return [facts >> shift & mask for facts in self._facts]

    def named(self, chosen: Iterable[Any]) -> tuple[str, ...]:
        """The first of those that are chosen, as many as are named at most.

        :param chosen: for each of them, whether it is
        """
        return tuple(islice(compress(self.ids, chosen), NAMED_DATASETS))

    @cached_property
    def described(self) -> _Described:
        """Their quality; where all nine criteria were asked for."""
        met = [facts & _QUALITY for facts in self._facts]
        numbers = list(map(points, met))
        poor = [number < DESCRIBED for number in numbers]
        return _Described(
            sum(numbers),
            sum(poor),
            self.named(map(not_, poor)),
            self.named(poor),
            tuple(map(missing, islice(compress(met, poor), NAMED_DATASETS))),
        )

    @cached_property
    def european(self) -> list[int]:
        """For each, a bit for each of :data:`.mqa.FACTS`, if all were asked for."""
        places = [(self._shifts[name], bit) for bit, name in enumerate(european.FACTS)]
        # Datasets are many, and what is true of them is much the same.
        known = {
            facts: sum((facts >> shift & 1) << bit for shift, bit in places)
            for facts in set(self._facts)
        }
        return [known[facts] for facts in self._facts]


class _Described(NamedTuple):
    """The quality of an organization's datasets.

    :ivar points: of all of them together
    :ivar poor: how many are not well described
    :ivar passing: the ids of the first that are
    :ivar failing: the ids of the first that are not
    :ivar missing: what each of these lacks
    """

    points: int
    poor: int
    passing: tuple[str, ...]
    failing: tuple[str, ...]
    missing: tuple[tuple[str, ...], ...]


def _share(datasets: Datasets, fact: str, lacks: str) -> Measurement:
    """The share of those of which something is true; the others all lack the same."""
    flags = datasets.holds(fact)
    total = len(flags)
    wrong = flags.count(0)
    failing = datasets.named(map(not_, flags)) if wrong else ()
    return Measurement(
        (total - wrong) / total,
        total,
        failing,
        datasets.named(flags),
        ((lacks,),) * len(failing),
    )


def datasets_public(datasets: Datasets) -> Measurement:
    named = tuple(datasets.ids[:NAMED_DATASETS])
    return Measurement(float(len(datasets)), passing=named)


def datasets_since_launch(datasets: Datasets, subject: Subject) -> Measurement:
    """Created on the day of the season's launch or later, in the portal's zone.

    What an earlier season of the same organization counts is its own: a dataset is
    opened once.
    """
    if subject.since is None:
        return Measurement(0.0)
    zone = config.display_timezone()
    start = _start_of(subject.since, zone)
    new = [created >= start for created in datasets.created]
    for season in subject.earlier:
        begun = _start_of(season.launch, zone)
        end = math.inf if season.finished is None else season.finished
        new = [
            flag and not begun <= created <= end
            for flag, created in zip(new, datasets.created, strict=True)
        ]
    return Measurement(float(sum(new)), passing=datasets.named(new))


@lru_cache(maxsize=128)
def _start_of(day: dt.date, zone: dt.tzinfo) -> int:
    """The first moment of a day in a time zone, in seconds since 1970."""
    return int(dt.datetime.combine(day, dt.time(), zone).timestamp())


def kits_covered(datasets: Datasets) -> Measurement:
    kits = {kit for kit in datasets.kits if kit}
    return Measurement(float(len(kits)), passing=datasets.named(datasets.kits))


def resources_public(datasets: Datasets) -> Measurement:
    passing = datasets.named(datasets.holds("has_files"))
    return Measurement(float(datasets.resources), passing=passing)


def open_licence_share(datasets: Datasets) -> Measurement:
    return _share(datasets, "open_licence", "license_id")


def open_format_share(datasets: Datasets) -> Measurement:
    return _share(datasets, "open_format", "open_format")


def fresh_share(datasets: Datasets) -> Measurement:
    """A dataset that declares no frequency lacks that, and no newer file."""
    found = _share(datasets, "updated_in_time", "updated_in_time")
    if not found.failing:
        return found
    late = map(not_, datasets.holds("updated_in_time"))
    declared = islice(compress(datasets.holds("frequency"), late), NAMED_DATASETS)
    return found._replace(missing=tuple(map(_LATE.__getitem__, map(bool, declared))))


#: What a dataset lacks that is not fresh, by whether it declares a frequency.
_LATE = (("frequency",), ("updated_in_time",))


def described_share(datasets: Datasets) -> Measurement:
    total = len(datasets)
    _, poor, passing, failing, missing = datasets.described
    return Measurement((total - poor) / total, total, failing, passing, missing)


def quality_mean(datasets: Datasets) -> Measurement:
    """Those with fewer points than a well-described one are named as failing."""
    total = len(datasets)
    points, _, passing, failing, missing = datasets.described
    return Measurement(points / total / MAXIMUM, total, failing, passing, missing)


def mqa_points(datasets: Datasets) -> Measurement:
    """Those that are not excellent are named as failing."""
    total = len(datasets)
    numbers = list(map(mqa.points, datasets.european))
    poor = [number < mqa.EXCELLENT for number in numbers]
    failing = islice(compress(datasets.european, poor), NAMED_DATASETS)
    return Measurement(
        sum(numbers) / total / mqa.MAXIMUM,
        total,
        datasets.named(poor),
        datasets.named(map(not_, poor)),
        tuple(map(mqa.missing, failing)),
    )


def conform_datasets(datasets: Datasets) -> Measurement:
    """Those named as failing have been checked, and have no file that conforms."""
    reports = datasets.numbers("report")
    failing = datasets.named([report == 1 for report in reports])
    return Measurement(
        float(reports.count(_CONFORMS)),
        None,
        failing,
        datasets.named([report == _CONFORMS for report in reports]),
        (("schema",),) * len(failing),
    )


@dataclass(frozen=True)
class OverDatasets:
    """The function of a measure that is made of what the one statement answers.

    :ivar function: its value, of the datasets of one organization that has some
    :ivar facts: what it needs to know of each dataset, of :data:`FACTS`
    :ivar columns: more that it needs of each (``kit``, ``created``, ``resources``)
    :ivar by_subject: whether its value differs between subjects of one organization
    """

    function: Callable[[Datasets, Subject], Measurement]
    facts: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()
    by_subject: bool = False

    def __call__(self, subjects: Sequence[Subject]) -> dict[Subject, Measurement]:
        """The measure by itself, in a statement of its own."""
        return Reading({"": self}, subjects).of(subjects)[""]


def _over(
    function: Callable[[Datasets], Measurement], *facts: str, column: str | None = None
) -> OverDatasets:
    return OverDatasets(
        lambda datasets, _: function(datasets),
        facts,
        frozenset([column] if column else []),
    )


class Reading:
    """What one statement answered of the datasets of some organizations.

    Measurements are made of it when they are asked for: they name datasets again and
    again, and take several times its memory.
    """

    def __init__(
        self, functions: Mapping[str, OverDatasets], subjects: Iterable[Subject]
    ) -> None:
        """Run the statement.

        :param functions: those of the measures that are wanted, by name
        :param subjects: of whose organizations
        """
        self._recipes = functions
        question = _Question.of(functions.values())
        self._shifts = question.shifts
        self._rows = question.ask(question.statement(), subjects)

    @property
    def digests(self) -> dict[str, str]:
        """What :func:`digests` would have said at the same moment."""
        return {id_: row.digest for id_, row in self._rows.items()}

    def changed_at(self, organization_id: str) -> dt.datetime | None:
        """Return when an organization last changed a public dataset, if it has any."""
        row = self._rows.get(organization_id)
        # CKAN keeps UTC without saying so.
        if row is None or row.changed is None:
            return None
        return row.changed.replace(tzinfo=dt.timezone.utc)

    def of(self, subjects: Iterable[Subject]) -> dict[str, dict[Subject, Measurement]]:
        """Return, for each name, the measurements of subjects that have a dataset.

        :param subjects: quickest with those of an organization next to each other
        """
        found: dict[str, dict[Subject, Measurement]] = {
            name: {} for name in self._recipes
        }
        for organization, some in groupby(subjects, attrgetter("organization_id")):
            row = self._rows.get(organization)
            if row is None:
                continue
            datasets = Datasets(row, self._shifts)
            first, *others = some
            for name, recipe in self._recipes.items():
                measured = recipe.function(datasets, first)
                found[name][first] = measured
                for subject in others:
                    found[name][subject] = (
                        recipe.function(datasets, subject)
                        if recipe.by_subject
                        else measured
                    )
        return found


def opened() -> str:
    """A statement of what organizations have opened, for who adds it up.

    It answers a row for each of ``:organizations`` that has a public dataset:
    ``organization``, how many ``datasets`` it has, how many are ``conforming`` and
    ``fresh`` at ``:now`` as the measures have it, and when the ``first`` and the
    ``last`` of them was created, in seconds since 1970. What was created after
    ``:until`` (in the same seconds; null for nothing) is left out.
    """
    facts = ("updated_in_time", "report")
    question = _Question(facts, ["created"])
    fresh, report = (question.shifts[name] for name in facts)
    mask = (1 << FACTS["report"].bits) - 1
    return f"""
        SELECT organization, count(*) AS datasets,
               count(*) FILTER (WHERE facts >> {report} & {mask} = {_CONFORMS})
                   AS conforming,
               count(*) FILTER (WHERE facts >> {fresh} & 1 = 1) AS fresh,
               min(created) AS first, max(created) AS last
        FROM ({question.each()}) AS datasets
        WHERE CAST(:until AS bigint) IS NULL OR created <= CAST(:until AS bigint)
        GROUP BY organization
    """


def digests(
    functions: Iterable[OverDatasets], subjects: Iterable[Subject]
) -> dict[str, str]:
    """Return a digest of what a :class:`Reading` would be made of.

    As long as it is the same, so are the measurements of a subject.

    :param functions: those of the measures that are wanted
    :returns: by the ids of organizations; there is none of one without a dataset
    """
    question = _Question.of(functions)
    rows = question.ask(question.digest_statement(), subjects)
    return {id_: row.digest for id_, row in rows.items()}


class _Question:
    """What some measures need to know of datasets.

    :ivar shifts: the lowest bit of each fact in the number of a dataset
    """

    def __init__(self, facts: Collection[str], columns: Collection[str]) -> None:
        self._columns = columns
        self.shifts: dict[str, int] = {}
        width = 0
        for name, fact in FACTS.items():
            if name in facts:
                self.shifts[name] = width
                width += fact.bits

    @classmethod
    def of(cls, functions: Iterable[OverDatasets]) -> _Question:
        """What the functions of measures need to know."""
        facts, columns = set[str](), set[str]()
        for function in functions:
            facts.update(function.facts)
            columns.update(function.columns)
        return cls(facts, columns)

    def ask(self, statement: str, subjects: Iterable[Subject]) -> dict[str, Any]:
        """Run a statement of this question.

        :returns: a row for each organization that has a dataset, by its id
        """
        now = {"now": quality.now()} if ":now" in statement else {}
        organizations = array(dict.fromkeys(one.organization_id for one in subjects))
        found = rows(statement, organizations=organizations, **now)
        return {row.organization: row for row in found}

    def statement(self) -> str:
        """One row for each organization: its datasets, and the facts of each.

        Arrays are sent, and kept, as the text that PostgreSQL prints: as Python's
        objects they take four times the memory.
        """
        arrays = {"ids": "id", "facts": "facts"} | {
            name: column
            for name, column in (("kits", "kit"), ("created", "created"))
            if column in self._columns
        }
        selected = ", ".join(
            f"CAST(array_agg({column}) AS text) AS {name}"
            for name, column in arrays.items()
        )
        missing = "".join(
            f", NULL AS {name}" for name in ("kits", "created") if name not in arrays
        )
        resources = "sum(resources)" if "resources" in self._columns else "0"
        return f"""
            SELECT organization, {selected}{missing}, {resources} AS resources,
                   max(changed) AS changed, {self._digest()}
            FROM ({self.each()} ORDER BY organization, id) AS datasets
            GROUP BY organization
        """

    def digest_statement(self) -> str:
        """One row for each organization: the digest of its datasets and their facts."""
        return f"""
            SELECT organization, {self._digest()}
            FROM ({self.each()}) AS datasets
            GROUP BY organization
        """

    def _digest(self) -> str:
        """The hashes of an organization's datasets added up, in whatever order."""
        row = ", ".join(["id", "facts", "changed", *sorted(self._columns)])
        return f"""
            CAST(sum(hashtextextended(concat_ws(' ', {row}), 0)) AS text) AS digest
        """

    def each(self) -> str:
        """One row for each dataset.

        The planner is left to choose how: of one organization it reads by the indexes,
        of many it reads the tables once.
        """
        facts = [FACTS[name] for name in self.shifts]
        keys = {key for fact in facts for key in fact.extras}
        files = {name: sql for fact in facts for name, sql in fact.files.items()}
        if "kit" in self._columns:
            keys.add("challenge_kit")
        if "resources" in self._columns:
            files |= quality.NUMBER
        extras = dataset_extras(sorted(keys))
        # Each is read once, and not wherever an expression names it.
        read = Extras({key: f"p.{key}" for key in keys})
        optional = {
            "kit": "p.challenge_kit",
            "created": "CAST(floor(extract(epoch FROM p.metadata_created)) AS bigint)",
            "resources": "coalesce(files.number, 0)",
        }
        selected = "".join(
            f", {sql} AS {name}"
            for name, sql in optional.items()
            if name in self._columns
        )
        own = "".join(f", {sql} AS {key}" for key, sql in extras.columns.items())
        return f"""
            SELECT p.owner_org COLLATE "C" AS organization, p.id COLLATE "C" AS id,
                   {quality.packed(facts, read)} AS facts,
                   p.metadata_modified AS changed{selected}
            FROM (
                SELECT p.id, p.owner_org, p.notes, p.metadata_created,
                       p.metadata_modified{own}
                FROM package p
                {extras.joins}
                WHERE p.owner_org = ANY (CAST(:organizations AS text[])) AND {PUBLIC}
                OFFSET 0
            ) AS p
            {_files(files)}
        """


def _files(files: Mapping[str, str]) -> str:
    """The aggregates over the resources of each dataset that has any."""
    if not files:
        return ""
    columns = ", ".join(f"{sql} AS {name}" for name, sql in files.items())
    joined = reports() if "report" in files else ""
    return f"""
        LEFT JOIN (
            SELECT r.package_id, {columns}
            FROM package p
            JOIN resource r ON r.package_id = p.id AND r.state = 'active'
            {joined}
            WHERE p.owner_org = ANY (CAST(:organizations AS text[])) AND {PUBLIC}
            GROUP BY r.package_id
        ) AS files ON files.package_id = p.id
    """


def downloaded(which: str) -> str:
    """How often public datasets of ``package p`` were downloaded, in SQL, as CKAN's
    tracking has summed it up (``ckan tracking update``): ``organization``, ``id`` and
    ``downloads``, in up to two rows for each dataset.

    It keeps the address of a file: that of an upload holds the resource's id, that
    of a link is the link.

    :param which: a condition
    """
    return f"""
        SELECT p.owner_org AS organization, p.id, sum(t.count) AS downloads
        FROM package p
        JOIN resource r ON r.package_id = p.id AND r.state = 'active'
        JOIN tracking_summary t ON t.tracking_type = 'resource'
             AND r.id = substring(t.url from '/resource/([^/]+)/download/')
        WHERE {which} AND {PUBLIC}
        GROUP BY p.id
        UNION ALL
        SELECT p.owner_org, p.id, sum(t.count)
        FROM package p
        JOIN resource r ON r.package_id = p.id AND r.state = 'active'
             AND r.url_type IS DISTINCT FROM 'upload'
        JOIN tracking_summary t ON t.tracking_type = 'resource' AND t.url = r.url
        WHERE {which} AND {PUBLIC}
        GROUP BY p.id
    """


def downloads(subjects: Sequence[Subject]) -> dict[Subject, Measurement]:
    """Downloads that CKAN's tracking has summed up."""
    of_these = "p.owner_org = ANY (CAST(:organizations AS text[]))"
    statement = f"""
        SELECT organization, sum(downloads) AS downloads, array_agg(id) AS ids
        FROM ({downloaded(of_these)}) AS datasets
        WHERE downloads > 0
        GROUP BY organization
    """
    organizations = array(dict.fromkeys(s.organization_id for s in subjects))
    found: dict[Any, Measurement] = {
        row.organization: Measurement(
            float(row.downloads),
            passing=tuple(sorted(set(row.ids))[:NAMED_DATASETS]),
        )
        for row in rows(statement, organizations=organizations)
    }
    return {
        subject: found[subject.organization_id]
        for subject in subjects
        if subject.organization_id in found
    }


MEASURES = (
    Measure(
        "datasets_public",
        "count",
        _("Datasets that everyone can see."),
        _over(datasets_public),
        shortfall=lambda target: tk.ungettext(
            "{value} of {target} dataset published so far.",
            "{value} of {target} datasets published so far.",
            target,
        ),
        at_least=lambda number: tk.ungettext(
            "At least {number} public dataset",
            "At least {number} public datasets",
            number,
        ),
        fix=NEW_DATASET,
    ),
    Measure(
        "datasets_since_launch",
        "count",
        _(
            "Public datasets created since the launch of the season, and counted in no "
            "earlier one."
        ),
        OverDatasets(
            datasets_since_launch, columns=frozenset(["created"]), by_subject=True
        ),
        shortfall=lambda target: tk.ungettext(
            "{value} of {target} dataset published since the launch.",
            "{value} of {target} datasets published since the launch.",
            target,
        ),
        at_least=lambda number: tk.ungettext(
            "At least {number} public dataset since the launch of the season",
            "At least {number} public datasets since the launch of the season",
            number,
        ),
        fix=NEW_DATASET,
        of_cohort=True,
    ),
    Measure(
        "kits_covered",
        "count",
        _("Different kits of which there is a public dataset."),
        _over(kits_covered, column="kit"),
        shortfall=lambda target: tk.ungettext(
            "Datasets published for {value} of {target} kit so far.",
            "Datasets published for {value} of {target} kits so far.",
            target,
        ),
        at_least=lambda number: tk.ungettext(
            "Public datasets of at least {number} kit",
            "Public datasets of at least {number} different kits",
            number,
        ),
        fix=NEW_DATASET,
    ),
    Measure(
        "resources_public",
        "count",
        _("Files and links in the public datasets."),
        _over(resources_public, "has_files", column="resources"),
        shortfall=lambda target: tk.ungettext(
            "{value} of {target} file published so far.",
            "{value} of {target} files published so far.",
            target,
        ),
        at_least=lambda number: tk.ungettext(
            "At least {number} public file", "At least {number} public files", number
        ),
    ),
    Measure(
        "open_licence_share",
        "share",
        _("Share of the public datasets under the Licence Ouverte 2.0 or the ODbL."),
        _over(open_licence_share, "open_licence"),
        shortfall=_(
            "{value} of the datasets have an open licence; {target} are needed."
        ),
        at_least=lambda share: (
            _("All public datasets under an open licence")
            if share >= 1
            else _("At least {number} of the public datasets under an open licence")
        ),
        lacks=(
            Lack(
                "license_id",
                _("an open licence"),
                field="license_id",
            ),
        ),
        about_datasets=True,
    ),
    Measure(
        "open_format_share",
        "share",
        _(
            "Share of the public datasets with at least one file in an open format: "
            "neither PDF, nor Word, nor Excel."
        ),
        _over(open_format_share, "open_format"),
        shortfall=_(
            "{value} of the datasets have an open format; {target} are needed."
        ),
        at_least=lambda share: (
            _("All public datasets in an open format")
            if share >= 1
            else _("At least {number} of the public datasets in an open format")
        ),
        lacks=(QUALITY_LACKS["open_format"],),
        about_datasets=True,
    ),
    Measure(
        "described_share",
        "share",
        _("Share of the public datasets whose quality is at least 7 out of 9."),
        _over(described_share, *CRITERIA),
        shortfall=_("{value} of the datasets are well described; {target} are needed."),
        at_least=lambda share: (
            _("All public datasets well described, with 7 points out of 9 or more")
            if share >= 1
            else _(
                "At least {number} of the public datasets well described, with 7 "
                "points out of 9 or more"
            )
        ),
        lacks=tuple(QUALITY_LACKS.values()),
        about_datasets=True,
    ),
    Measure(
        "quality_mean",
        "share",
        _(
            "Mean quality of the public datasets: licence, period, territory, "
            "frequency, kept up to date, description, open format, files that "
            "answer, files described."
        ),
        _over(quality_mean, *CRITERIA),
        shortfall=_("Quality of the datasets: {value} out of 9; {target} are needed."),
        at_least=_("Datasets of a mean quality of at least {number} out of 9"),
        out_of=MAXIMUM,
        lacks=tuple(QUALITY_LACKS.values()),
        about_datasets=True,
    ),
    Measure(
        "mqa_points",
        "share",
        _(
            "Mean of the points that data.europa.eu gives to the public datasets for "
            "their description."
        ),
        _over(mqa_points, *mqa.FACTS),
        shortfall=_(
            "Description of the datasets, as data.europa.eu counts it: {value} points "
            "out of 405; {target} are needed."
        ),
        at_least=_(
            "Datasets with at least {number} points out of 405 at data.europa.eu"
        ),
        out_of=mqa.MAXIMUM,
        lacks=tuple(EUROPEAN_LACKS.values()),
        about_datasets=True,
    ),
    Measure(
        "conform_datasets",
        "count",
        _("Public datasets with a file that follows its national schema."),
        _over(conform_datasets, "report"),
        shortfall=lambda target: tk.ungettext(
            "{value} of {target} dataset conforms to its national schema.",
            "{value} of {target} datasets conform to their national schema.",
            target,
        ),
        at_least=lambda number: tk.ungettext(
            "At least {number} dataset that follows its national schema",
            "At least {number} datasets that follow their national schema",
            number,
        ),
        lacks=(
            Lack(
                "schema",
                _("a file that follows its national schema"),
                form="report",
                file="wrong",
            ),
        ),
        about_datasets=True,
    ),
    Measure(
        "fresh_share",
        "share",
        _(
            "Share of the public datasets whose files are as recent as their declared "
            "frequency promises."
        ),
        _over(fresh_share, "updated_in_time", "frequency"),
        shortfall=_("{value} of the datasets are up to date; {target} are needed."),
        at_least=lambda share: (
            _("All public datasets up to date, by the frequency that they announce")
            if share >= 1
            else _(
                "At least {number} of the public datasets up to date, by the frequency "
                "that they announce"
            )
        ),
        lacks=(QUALITY_LACKS["updated_in_time"], QUALITY_LACKS["frequency"]),
        about_datasets=True,
    ),
)

DOWNLOADS = Measure(
    "downloads",
    "count",
    _("Downloads of the files of the public datasets."),
    downloads,
    shortfall=lambda target: tk.ungettext(
        "{value} of {target} download so far.",
        "{value} of {target} downloads so far.",
        target,
    ),
    at_least=lambda number: tk.ungettext(
        "At least {number} download", "At least {number} downloads", number
    ),
)

"""The quality of one dataset, n/9, in SQL: see :mod:`ckanext.challenge.domain.quality`.

The expressions stand in a statement over ``package p`` in which ``files`` are
aggregates over the active resources ``r`` of the dataset, or null where it has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ckanext.challenge.domain.european import frequency_names
from ckanext.challenge.domain.quality import CRITERIA
from ckanext.challenge.domain.verdicts import BROKE
from ckanext.challenge.model.catalog import Extras


@dataclass(frozen=True)
class Fact:
    """Something that a statement says of each dataset.

    :ivar sql: an expression over ``package p`` and ``files``, given the extras; it is
        never null
    :ivar bits: how many bits its number takes; one for what is true or not
    :ivar extras: the extras that it reads
    :ivar files: the aggregates over the dataset's active resources ``r`` that it
        reads, by name
    """

    sql: Callable[[Extras], str]
    bits: int = 1
    extras: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


_CLOSED_FORMATS = "'', 'pdf', 'doc', 'docx', 'word', 'xls', 'excel', 'xlsx'"
#: The format of a file, as one word in lower case.
FORMAT = "lower(btrim(coalesce(r.format, ''), ' .'))"
#: Someone's check of a link (udata's name for it); not checked counts as reachable.
UNREACHABLE = (
    """CASE WHEN r.extras LIKE '%"check:available"%' THEN lower(CAST(r.extras """
    """AS jsonb) ->> 'check:available') = 'false' ELSE false END"""
)

#: The check ``c`` of a file has found fault with it; where the check itself broke, that
#: is the portal's.
REFUSED = (
    "(c.status IN ('invalid', 'error')"
    f" AND coalesce(c.errors -> 0 ->> 'type', '') <> '{BROKE}')"
)

#: How many files there are.
NUMBER = {"number": "count(r.id)"}
#: Whether there are any, in a statement that may have found none to count.
HAS_FILES = "coalesce(files.number > 0, false)"
#: The last time the data of one changed. CKAN sets last_modified when a file is
#: uploaded; of a link it knows only when someone last touched the resource.
LAST_CHANGE = "coalesce(r.last_modified, r.metadata_modified, r.created)"
# At least one in a format that is neither closed nor unknown.
_OPEN_FORMAT = f"bool_or({FORMAT} NOT IN ({_CLOSED_FORMATS}))"
_DESCRIBED = (
    "bool_or(coalesce(r.description, '') <> ''"
    " OR coalesce(r.resource_type, '') = 'documentation')"
)

# A promise of several times in a span is kept when the span has one update, as udata
# has it: the times need not be evenly spread.
_HOURS = {
    "1min": 1,
    "5min": 1,
    "10min": 1,
    "15min": 1,
    "30min": 1,
    "hourly": 1,
    "bihourly": 2,
    "trihourly": 3,
    "12hrs": 12,
    "daily": 24,
    "daily_2": 24,
}
_DAYS = {
    "weekly": 7,
    "weekly_2": 7,
    "weekly_3": 7,
    "weekly_5": 7,
    "biweekly": 14,
    "monthly": 31,
    "monthly_2": 31,
    "monthly_3": 31,
    "bimonthly": 62,
    "quarterly": 92,
    "annual": 366,
    "annual_2": 366,
    "annual_3": 366,
    "biennial": 731,
    "triennial": 1096,
    "quadrennial": 1461,
    "quinquennial": 1827,
    "decennial": 3653,
    "bidecennial": 7305,
    "tridecennial": 10958,
}
#: Declared, but nothing can be late: kept by having data at all.
_UNTIMED = (
    "as_needed",
    "cont",
    "irreg",
    "never",
    "not_planned",
    "op_datpro",
    "other",
    "update_cont",
)
_TOLERANCE_HOURS = 24


def now() -> datetime:
    """Now as CKAN stores moments (UTC, without its zone), for ``:now``."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _named(codes: Iterable[str]) -> str:
    """Frequencies under all of their names, as a list in SQL."""
    return ", ".join(f"'{name}'" for code in codes for name in frequency_names(code))


def _allowed_hours(frequency: str) -> str:
    hours = _HOURS | {code: days * 24 for code, days in _DAYS.items()}
    cases = " ".join(
        f"WHEN '{name}' THEN {count + _TOLERANCE_HOURS}"
        for code, count in hours.items()
        for name in frequency_names(code)
    )
    return f"CASE {frequency} {cases} END"


def _fresh(extras: Extras) -> str:
    """Updated within its declared frequency, with a day of tolerance at ``:now``."""
    frequency = extras.columns["frequency"]
    return (
        f"coalesce(CASE WHEN {frequency} IN ({_named(_UNTIMED)}) THEN {HAS_FILES}"
        f" ELSE files.updated + make_interval(hours => {_allowed_hours(frequency)})"
        " >= :now END, false)"
    )


def _filled(extra: str) -> Fact:
    """An extra says something."""
    return Fact(
        lambda extras: f"coalesce({extras.columns[extra]}, '') <> ''", extras=(extra,)
    )


#: What a frequency can be. A word that is none promises nothing, so that the form is
#: told to name one.
_FREQUENCIES = _named((*_HOURS, *_DAYS, *_UNTIMED))


_FACTS = {
    "licence": Fact(
        lambda extras: (
            f"coalesce({extras.columns['license_id']}, '') NOT IN ('', 'notspecified')"
        ),
        extras=("license_id",),
    ),
    "temporal_coverage": _filled("temporal_start"),
    "spatial_coverage": _filled("spatial_insee"),
    "frequency": Fact(
        lambda extras: (
            f"coalesce({extras.columns['frequency']} IN ({_FREQUENCIES}), false)"
        ),
        extras=("frequency",),
    ),
    "updated_in_time": Fact(
        _fresh,
        extras=("frequency",),
        files={**NUMBER, "updated": f"max({LAST_CHANGE})"},
    ),
    "description": Fact(lambda _: "char_length(coalesce(p.notes, '')) > 100"),
    "open_format": Fact(
        lambda _: "coalesce(files.open_format, false)",
        files={"open_format": _OPEN_FORMAT},
    ),
    "reachable": Fact(
        lambda _: "coalesce(NOT files.unreachable, false)",
        files={"unreachable": f"bool_or({UNREACHABLE})"},
    ),
    "resources_described": Fact(
        lambda _: "coalesce(files.described, false)",
        files={"described": _DESCRIBED},
    ),
}

#: The nine criteria, in their order.
FACTS: Mapping[str, Fact] = {name: _FACTS[name] for name in CRITERIA}


def packed(facts: Iterable[Fact], extras: Extras) -> str:
    """The numbers of some facts in one, the first in the lowest bits.

    :param extras: all those that the facts read
    """
    parts: list[str] = []
    shift = 0
    for fact in facts:
        parts.append(f"(CAST({fact.sql(extras)} AS int) << {shift})")
        shift += fact.bits
    return " + ".join(parts) or "0"

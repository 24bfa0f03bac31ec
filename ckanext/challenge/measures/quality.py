"""The quality of one dataset, n/9, as data.gouv.fr counts it.

Source: udata, ``udata/core/dataset/models.py`` (``compute_quality`` and ``quality``).
The expressions stand in a statement over ``package p`` in which ``files`` are
aggregates over the active resources ``r`` of the dataset.
"""

from __future__ import annotations

from datetime import datetime, timezone

from .catalog import Extras

__all__ = [
    "CRITERIA",
    "DESCRIBED",
    "FIELDS",
    "FILES",
    "MAXIMUM",
    "NEEDS_NOW",
    "NUMBER",
    "OPEN_FORMAT",
    "UPDATED",
    "criteria",
    "fresh",
    "now",
    "points",
]

MAXIMUM = 9
#: From how many points on a dataset counts as well described.
DESCRIBED = 7
#: The extras that the criteria read.
FIELDS = ("frequency", "temporal_start", "spatial_insee")

_CLOSED_FORMATS = "'', 'pdf', 'doc', 'docx', 'word', 'xls', 'excel', 'xlsx'"
_FORMAT = "lower(btrim(coalesce(r.format, ''), ' .'))"
# Someone's check of a link (udata's name for it); not checked counts as reachable.
_UNREACHABLE = (
    """CASE WHEN r.extras LIKE '%"check:available"%' THEN lower(CAST(r.extras """
    """AS jsonb) ->> 'check:available') = 'false' ELSE false END"""
)

#: Aggregates over the resources ``r`` of a dataset, by name.
NUMBER = {"number": "count(r.id)"}
#: At least one in a format that is neither closed nor unknown.
OPEN_FORMAT = {
    "open_format": f"coalesce(bool_or({_FORMAT} NOT IN ({_CLOSED_FORMATS})), false)"
}
#: The last time the data changed. CKAN sets last_modified when a file is uploaded; of
#: a link it knows only when someone last touched the resource.
UPDATED = {"updated": "max(coalesce(r.last_modified, r.metadata_modified, r.created))"}
#: All that the criteria read.
FILES = {
    **NUMBER,
    **OPEN_FORMAT,
    **UPDATED,
    "unreachable": f"coalesce(bool_or({_UNREACHABLE}), false)",
    "described": (
        "coalesce(bool_or(coalesce(r.description, '') <> ''"
        " OR coalesce(r.resource_type, '') = 'documentation'), false)"
    ),
}

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

#: The facts whose expressions read ``:now``.
NEEDS_NOW = frozenset({"fresh", "points"})


def now() -> datetime:
    """Now as CKAN stores moments (UTC, without its zone), for ``:now``."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _allowed_hours(frequency: str) -> str:
    hours = _HOURS | {code: days * 24 for code, days in _DAYS.items()}
    cases = " ".join(
        f"WHEN '{code}' THEN {count + _TOLERANCE_HOURS}"
        for code, count in hours.items()
    )
    return f"CASE {frequency} {cases} END"


def fresh(frequency: str) -> str:
    """Updated within its declared frequency, with a day of tolerance at ``:now``.

    Reads :data:`NUMBER` and :data:`UPDATED`.

    :param frequency: SQL expression of the declared code
    """
    untimed = ", ".join(f"'{code}'" for code in _UNTIMED)
    return (
        f"coalesce(CASE WHEN {frequency} IN ({untimed}) THEN files.number > 0"
        f" ELSE files.updated + make_interval(hours => {_allowed_hours(frequency)})"
        " >= :now END, false)"
    )


def criteria(extras: Extras) -> dict[str, str]:
    """The nine criteria by name, each an SQL boolean that is never null.

    They read :data:`FILES`.

    :param extras: of :data:`FIELDS`
    """
    frequency = extras.columns["frequency"]
    return {
        "licence": "coalesce(p.license_id, '') NOT IN ('', 'notspecified')",
        "temporal_coverage": f"coalesce({extras.columns['temporal_start']}, '') <> ''",
        "spatial_coverage": f"coalesce({extras.columns['spatial_insee']}, '') <> ''",
        "frequency": f"coalesce({frequency}, '') NOT IN ('', 'unknown')",
        "updated_in_time": fresh(frequency),
        "description": "char_length(coalesce(p.notes, '')) > 100",
        "open_format": "files.open_format",
        "reachable": "(files.number > 0 AND NOT files.unreachable)",
        "resources_described": "files.described",
    }


#: The names of the criteria, in the order in which pages list them.
CRITERIA = tuple(criteria(Extras({field: field for field in FIELDS})))


def points(extras: Extras) -> str:
    """The number of criteria that a dataset meets, 0 to :data:`MAXIMUM`."""
    return " + ".join(
        f"CAST({expression} AS int)" for expression in criteria(extras).values()
    )

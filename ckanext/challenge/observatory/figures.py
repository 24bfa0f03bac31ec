"""The figures of the observatory, over what is stored, as SQL.

One query describes each collectivité (:func:`observed`); the page of rows, the figures
and the snapshots are all made of it, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.domain.eligibility import EPCI_KINDS, RULES
from ckanext.challenge.domain.sizes import SIZES
from ckanext.challenge.model import Collectivite, Elsewhere, FormerAddress, Observed
from ckanext.challenge.model.duty import duty_status

_collectivite: Any = Collectivite.__table__
_observed: Any = Observed.__table__
_elsewhere: Any = Elsewhere.__table__
_former: Any = FormerAddress.__table__

#: By what the figures are told apart, after those of all.
LEVELS = ("departement", "kind", "size", "epci")


class ByLevel(NamedTuple):
    """The figures of a set of collectivités.

    :ivar all: those of the whole set
    :ivar parts: by level, then by value (a code, a kind, a size, a SIREN)
    """

    all: dict[str, Any]
    parts: dict[str, dict[str, dict[str, Any]]]


class _Columns(NamedTuple):
    kind: Any
    population: Any
    agents: Any


def _size() -> sa.ColumnElement[str | None]:
    population = _collectivite.c.population
    return sa.case(
        *((population >= size.least, size.key) for size in reversed(SIZES)),
        else_=None,
    )


def _latest_elsewhere() -> Any:
    """The latest count of each collectivité, whoever counted.

    Who found none says nothing of what another one counted: it comes last.
    """
    return (
        sa.select(_elsewhere)
        .distinct(_elsewhere.c.siren)
        .order_by(
            _elsewhere.c.siren,
            (_elsewhere.c.number > 0).desc(),
            _elsewhere.c.counted_on.desc(),
            _elsewhere.c.number.desc(),
            _elsewhere.c.source,
        )
        .subquery("elsewhere")
    )


def observed() -> Any:
    """Each collectivité of the directory that nothing replaced, with what it opened.

    :returns: a subquery, of which conditions, orders and figures are made
    """
    return _observed_under(config.obligation_population(), config.obligation_agents())


@lru_cache(maxsize=8)
def _observed_under(population: int, agents: int) -> Any:
    # By the thresholds of the duty. It is put together once: each page asks.
    columns = _Columns(
        _collectivite.c.kind, _collectivite.c.population, _observed.c.agents
    )
    duties = (
        duty_status(
            columns,
            rule=rule,
            population_threshold=population,
            agents_threshold=agents,
        ).label(f"duty_{rule}")
        for rule in RULES
    )
    epci = _collectivite.alias("epci")
    of_epci = _observed.alias("of_epci")
    elsewhere = _latest_elsewhere()
    is_epci = _collectivite.c.kind.in_(sorted(EPCI_KINDS))
    stored = {
        name: sa.func.coalesce(_observed.c[name], 0).label(name)
        for name in ("datasets", "conforming", "fresh")
    }
    nothing = sa.cast(sa.literal("{}"), _observed.c.badges.type)
    return (
        sa.select(
            *(
                _collectivite.c[name]
                for name in (
                    "code",
                    "siren",
                    "insee_code",
                    "name",
                    "kind",
                    "departement",
                    "epci_siren",
                    "population",
                    "postcodes",
                    "search_key",
                )
            ),
            _size().label("size"),
            # A territory is an EPCI with its communes.
            sa.case(
                (is_epci, _collectivite.c.siren), else_=_collectivite.c.epci_siren
            ).label("epci"),
            _observed.c.organization_id,
            _observed.c.agents,
            *stored.values(),
            _observed.c.first_published_at,
            _observed.c.last_published_at,
            sa.func.coalesce(_observed.c.badges, nothing).label("badges"),
            sa.func.coalesce(_observed.c.seasons, nothing).label("seasons"),
            (sa.func.coalesce(_observed.c.datasets, 0) > 0).label("publishes"),
            (sa.func.coalesce(of_epci.c.datasets, 0) > 0).label("epci_publishes"),
            *duties,
            elsewhere.c.number.label("elsewhere"),
            elsewhere.c.source.label("elsewhere_source"),
            elsewhere.c.counted_on.label("elsewhere_on"),
            elsewhere.c.url.label("elsewhere_url"),
        )
        .select_from(
            _collectivite.outerjoin(_observed, _observed.c.code == _collectivite.c.code)
            .outerjoin(epci, epci.c.siren == _collectivite.c.epci_siren)
            .outerjoin(of_epci, of_epci.c.code == epci.c.code)
            .outerjoin(elsewhere, elsewhere.c.siren == _collectivite.c.siren)
        )
        .where(
            sa.not_(
                sa.exists().where(
                    _former.c.kind == "collectivite",
                    _former.c.name == _collectivite.c.siren,
                )
            )
        )
        .subquery("observed")
    )


def _counts(rows: Any) -> dict[str, Any]:
    """Each figure by its name, over the rows of :func:`observed`."""
    concerned = rows.c[f"duty_{config.obligation_rule()}"] == "concerned"
    commune = rows.c.kind == "commune"

    def number(*conditions: Any) -> Any:
        counted = sa.func.count()
        return counted.filter(*conditions) if conditions else counted

    def total(column: Any, *conditions: Any) -> Any:
        added = sa.func.sum(column)
        if conditions:
            added = added.filter(*conditions)
        return sa.func.coalesce(added, 0)

    found = {
        "collectivites": number(),
        "concerned": number(concerned),
        "concerned_publishing": number(concerned, rows.c.publishes),
        "publishing": number(rows.c.publishes),
        "volunteers_publishing": number(rows.c.publishes, sa.not_(concerned)),
        # Each inhabitant once: an EPCI has none of its own.
        "population": total(rows.c.population, commune),
        "population_covered": total(rows.c.population, commune, rows.c.publishes),
        "population_covered_with_epci": total(
            rows.c.population,
            commune,
            sa.or_(rows.c.publishes, rows.c.epci_publishes),
        ),
        "datasets": total(rows.c.datasets),
        "conforming": total(rows.c.conforming),
        "fresh": total(rows.c.fresh),
        "publishing_conforming": number(rows.c.conforming > 0),
        "badges": total(sa.func.cardinality(rows.c.badges)),
        "with_badges": number(sa.func.cardinality(rows.c.badges) > 0),
        "taking_part": number(sa.func.cardinality(rows.c.seasons) > 0),
        "only_elsewhere": number(sa.not_(rows.c.publishes), rows.c.elsewhere > 0),
        "agents_declared": number(rows.c.agents.is_not(None)),
        "over_population": number(rows.c.population > config.obligation_population()),
    }
    for rule in RULES:
        duty = rows.c[f"duty_{rule}"]
        found |= {
            f"{rule}/concerned": number(duty == "concerned"),
            f"{rule}/concerned_publishing": number(
                duty == "concerned", rows.c.publishes
            ),
            f"{rule}/unknown": number(duty == "unknown"),
        }
    return found


def by_level(rows: Any, conditions: Sequence[Any] = ()) -> ByLevel:
    """The figures of some collectivités and of their parts, in one statement.

    :param rows: :func:`observed`
    :param conditions: which of them
    """
    columns = [rows.c[level] for level in LEVELS]
    query = (
        sa.select(
            sa.func.grouping(*columns).label("grouping"),
            *columns,
            *(column.label(name) for name, column in _counts(rows).items()),
        )
        .where(*conditions)
        .group_by(
            sa.func.grouping_sets(
                sa.literal_column("()"), *(sa.tuple_(column) for column in columns)
            )
        )
    )
    parts: dict[str, dict[str, dict[str, Any]]] = {level: {} for level in LEVELS}
    whole: dict[str, Any] = {}
    # PostgreSQL sets a bit for each column that a row is not told apart by.
    everything = (1 << len(LEVELS)) - 1
    levels = {
        everything ^ (1 << (len(LEVELS) - 1 - at)): level
        for at, level in enumerate(LEVELS)
    }
    for row in model.Session.execute(query).mappings():
        figures = _shaped(row)
        level = levels.get(row["grouping"])
        if level is None:
            whole = figures
        elif row[level] is not None:
            parts[level][row[level]] = figures
    return ByLevel(whole, parts)


def of_all(rows: Any, conditions: Sequence[Any]) -> dict[str, Any]:
    """The figures of some collectivités, without those of their parts.

    :param rows: :func:`observed`
    :param conditions: which of them
    """
    counts = (column.label(name) for name, column in _counts(rows).items())
    query = sa.select(*counts).where(*conditions)
    return _shaped(model.Session.execute(query).mappings().one())


def _shaped(row: Any) -> dict[str, Any]:
    """The figures of a row, with the readings of the rule beside the one in force."""
    figures: dict[str, Any] = {"rule": config.obligation_rule()}
    readings: dict[str, dict[str, int]] = {rule: {} for rule in RULES}
    for name, value in row.items():
        if name == "grouping" or name in LEVELS:
            continue
        rule, _, part = name.partition("/")
        (readings[rule] if part else figures)[part or name] = int(value)
    return {**figures, "readings": readings}

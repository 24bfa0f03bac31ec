"""Storing a listing in ``challenge_collectivite``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import Collectivite
from ckanext.challenge.model.base import utcnow

from . import members
from .reader import Collectivite as Row
from .reader import Listing
from .text import fold

CHUNK = 2000
_TABLE: sa.Table = Collectivite.__table__
_STAGED = sa.Table(
    "challenge_collectivite_staged",
    sa.MetaData(),
    *(sa.Column(column.name, column.type) for column in _TABLE.columns),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_MEMBERS = sa.Table(
    "challenge_collectivite_members",
    sa.MetaData(),
    sa.Column("siren", sa.UnicodeText),
    sa.Column("epci_siren", sa.UnicodeText),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


_FORMER = sa.Table(
    "challenge_collectivite_former",
    sa.MetaData(),
    sa.Column("insee_code", sa.UnicodeText),
    sa.Column("siren", sa.UnicodeText),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


@dataclass(frozen=True)
class Loaded:
    """What a load did to the table."""

    created: int
    updated: int
    unchanged: int
    newer: int
    """Left alone, because the table has them from a more recent list."""
    missing: int
    """In the table and not in this list: kept, with the vintage they had."""
    replaced: int = 0
    """Of these, those of which the list says which other one replaced them, and of
    which nobody had said it yet."""
    left: tuple[tuple[str, str], ...] = ()
    """SIREN and name of the EPCI that have no commune any more, and of which nobody has
    said what replaced them."""


def load(listing: Listing, progress: Callable[[int], None] | None = None) -> Loaded:
    """Insert or update the rows of a listing, in one transaction.

    Nothing is ever deleted: a commune that was merged into another one leaves the
    national list, and stays here with the ``vintage`` of the last list that had it.
    Its addresses lead to the other one from then on.
    A listing older than what is stored changes nothing of it.

    :param progress: called with the number of rows just staged
    """
    session = model.Session
    try:
        connection = session.connection()
        _STAGED.create(connection)
        _MEMBERS.create(connection)
        _FORMER.create(connection)
        for start in range(0, len(listing.rows), CHUNK):
            chunk = listing.rows[start : start + CHUNK]
            connection.execute(_STAGED.insert(), [_values(row) for row in chunk])
            if progress:
                progress(len(chunk))
        loaded = _merge(connection, listing.knows_epci)
        if listing.former_codes:
            connection.execute(
                _FORMER.insert(),
                [
                    {"insee_code": code, "siren": siren}
                    for code, siren in listing.former_codes.items()
                ],
            )
            connection.execute(_KEEP_FORMER)
        loaded = replace(loaded, replaced=_keep_replaced(connection))
        if listing.memberships:
            connection.execute(
                _MEMBERS.insert(),
                [
                    {"siren": commune, "epci_siren": epci}
                    for commune, epci in listing.memberships.items()
                ],
            )
            connection.execute(_set_memberships(max(r.vintage for r in listing.rows)))
        members.follow(connection)
        loaded = replace(loaded, left=tuple(members.left(connection)))
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return loaded


def _values(row: Row) -> dict[str, Any]:
    return {
        "code": row.siren or row.insee_code,
        "siren": row.siren,
        "insee_code": row.insee_code,
        "name": row.name,
        "kind": row.kind,
        "departement": row.departement,
        "region": row.region,
        "population": row.population,
        "epci_siren": row.epci_siren,
        "postcodes": list(row.postcodes),
        "vintage": row.vintage,
        "search_key": fold(row.name),
    }


def _merge(connection: sa.engine.Connection, knows_epci: bool) -> Loaded:
    """Bring the staged rows into the table; counts are taken under a lock that lets
    readers pass and keeps a second load waiting."""
    connection.execute(sa.text(f"LOCK TABLE {_TABLE.name} IN SHARE ROW EXCLUSIVE MODE"))
    names = [column.name for column in _TABLE.columns]
    epci = "s.epci_siren" if knows_epci else "coalesce(s.epci_siren, c.epci_siren)"
    new = {name: f"s.{name}" for name in names} | {"epci_siren": epci}
    differs = (
        f"({', '.join(f'c.{name}' for name in names)})"
        f" IS DISTINCT FROM ({', '.join(new[name] for name in names)})"
    )
    # The list gave none, and now gives a SIREN to a commune overseas: the same row.
    connection.execute(
        sa.text(
            f"UPDATE {_TABLE.name} c SET code = s.siren, siren = s.siren"
            f" FROM {_STAGED.name} s WHERE c.siren IS NULL AND s.siren IS NOT NULL"
            " AND c.insee_code = s.insee_code AND c.vintage <= s.vintage"
            f" AND NOT EXISTS (SELECT 1 FROM {_TABLE.name} t WHERE t.code = s.siren)"
        )
    )
    counts = connection.execute(
        sa.text(
            "SELECT"
            " count(s.code) FILTER (WHERE c.code IS NULL) AS created,"
            " count(*) FILTER (WHERE c.vintage <= s.vintage"
            f" AND {differs}) AS updated,"
            " count(*) FILTER (WHERE c.vintage <= s.vintage"
            f" AND NOT {differs}) AS unchanged,"
            " count(*) FILTER (WHERE c.vintage > s.vintage) AS newer,"
            " count(*) FILTER (WHERE s.code IS NULL) AS missing"
            f" FROM {_STAGED.name} s FULL JOIN {_TABLE.name} c ON c.code = s.code"
        )
    ).one()
    sets = ", ".join(f"{name} = {new[name]}" for name in names if name != "code")
    connection.execute(
        sa.text(
            f"UPDATE {_TABLE.name} c SET {sets} FROM {_STAGED.name} s"
            f" WHERE c.code = s.code AND c.vintage <= s.vintage AND {differs}"
        )
    )
    connection.execute(
        sa.text(
            f"INSERT INTO {_TABLE.name} ({', '.join(names)})"
            f" SELECT {', '.join(f's.{name}' for name in names)}"
            f" FROM {_STAGED.name} s"
            f" LEFT JOIN {_TABLE.name} c ON c.code = s.code WHERE c.code IS NULL"
        )
    )
    return Loaded(**counts._mapping)


#: What files of other years call a commune by.
_KEEP_FORMER = sa.text(
    f"""
    INSERT INTO challenge_former_code (insee_code, siren)
    SELECT insee_code, siren FROM {_FORMER.name}
    ON CONFLICT (insee_code) DO UPDATE SET siren = excluded.siren
    """
)


def _keep_replaced(connection: sa.engine.Connection) -> int:
    """Keep which communes left the list for which: those whose code is one that a
    commune of the list had before, or has under a new SIREN. What is known already
    stays as it is.
    """
    found = connection.execute(
        sa.text(
            f"""
            INSERT INTO challenge_former_address (kind, name, object_id, left_at)
            SELECT DISTINCT ON (c.siren) 'collectivite', c.siren, s.siren, :now
            FROM {_TABLE.name} c
            JOIN (
                SELECT insee_code, siren FROM {_FORMER.name}
                UNION ALL
                SELECT insee_code, siren FROM {_STAGED.name} WHERE kind = 'commune'
            ) now ON now.insee_code = c.insee_code
            JOIN {_STAGED.name} s ON s.siren = now.siren AND s.vintage > c.vintage
            WHERE c.siren <> s.siren AND NOT EXISTS (
                SELECT 1 FROM {_STAGED.name} o WHERE o.siren = c.siren)
            ORDER BY c.siren
            ON CONFLICT (kind, name) DO NOTHING
            """
        ),
        {"now": utcnow()},
    )
    return found.rowcount


def _set_memberships(vintage: int) -> sa.sql.Update:
    """Where only ``epci.json`` is loaded, its communes are already in the table."""
    return (
        _TABLE.update()
        .where(
            _TABLE.c.siren == _MEMBERS.c.siren,
            _TABLE.c.vintage <= vintage,
            _TABLE.c.epci_siren.is_distinct_from(_MEMBERS.c.epci_siren),
        )
        .values(epci_siren=_MEMBERS.c.epci_siren)
    )

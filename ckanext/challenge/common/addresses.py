"""Addresses live: what was renamed, or replaced, is found under each name that it had.

The session is listened to, and not the actions: an organization is renamed by CKAN, by
a harvester or by a script as well as by us.

A collectivité that another one replaced (communes that became one, a SIREN that was
given anew) is a row of the same table: its SIREN, and the one that replaced it. What
had the address of an organization of the former leads to the one of the latter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from ckan import model
from sqlalchemy import inspect

from ckanext.challenge.model import Cohort, catalog
from ckanext.challenge.model.base import utcnow

from . import own_fields, session_events, shield
from .page_cache import PageCache

Kind = Literal["cohort", "organization"]

_NOW = {
    "cohort": """
        SELECT c.name FROM challenge_former_address f
        JOIN challenge_cohort c ON c.id = f.object_id AND c.state <> 'draft'
        WHERE f.kind = 'cohort' AND f.name = :name
          AND NOT EXISTS (SELECT 1 FROM challenge_cohort o WHERE o.name = :name)
    """,
    "organization": """
        SELECT g.name FROM challenge_former_address f
        JOIN "group" g ON g.id = f.object_id AND g.is_organization
         AND g.state = 'active'
        WHERE f.kind = 'organization' AND f.name = :name
          AND NOT EXISTS (
              SELECT 1 FROM "group" o WHERE o.name = :name AND o.state = 'active')
    """,
}


#: The collectivités that replaced a ``line`` of others, each after the one before it.
_LATER = """
    SELECT f.object_id FROM line JOIN challenge_former_address f
      ON f.kind = 'collectivite' AND f.name = line.siren
"""
_IS_THE_LAST = """
    NOT EXISTS (
        SELECT 1 FROM challenge_former_address f
        WHERE f.kind = 'collectivite' AND f.name = line.siren)
"""


@dataclass(frozen=True)
class Heir:
    """Who took the place of a collectivité that another one replaced.

    :ivar organization: the name of its organization
    :ivar cohorts: the names of the seasons in which that takes part, or took part
    """

    organization: str
    cohorts: frozenset[str]


# Few are replaced: each process keeps all of them, and asks for none with each page.
_heirs = PageCache(seconds=60, size=1)


def listen() -> None:
    """Listen to CKAN's sessions for new names; again changes nothing."""
    session_events.listen_to(before_flush=_before_flush, after_flush=_after_flush)


def _before_flush(session: Any, flush_context: Any, instances: Any) -> None:
    """What is purged takes its SIREN along: its names are kept with that."""
    gone = [
        _facts(instance)
        for instance in session.deleted
        if isinstance(instance, model.Group) and instance.is_organization
    ]
    if gone:
        connection = session.connection()
        shield.write(connection, lambda: _outlive(connection, gone), "former addresses")


def _facts(group: Any) -> dict[str, Any]:
    siren = own_fields.read(group.extras, "siren")
    return {"id": group.id, "name": group.name, "siren": siren or None}


def _outlive(connection: Any, gone: list[dict[str, Any]]) -> None:
    for row in gone:
        siren = row["siren"] or connection.execute(_JOINED_WITH, row).scalar()
        if siren:
            connection.execute(_HAD_A_SIREN, {**row, "siren": siren})
            connection.execute(_KEEP, _row("organization", row["name"], siren))


def _after_flush(session: Any, flush_context: Any) -> None:
    left = [row for instance in session.dirty for row in _left(instance)]
    if not left:
        return
    connection = session.connection()
    shield.write(connection, lambda: _keep(connection, left), "former addresses")


def _left(instance: Any) -> list[dict[str, Any]]:
    """The name that an instance has left with this flush."""
    if isinstance(instance, Cohort):
        # Nobody was told the address of a season in preparation.
        kind, public = "cohort", instance.state != "draft"
    elif isinstance(instance, model.Group):
        kind, public = "organization", instance.is_organization
    else:
        return []
    names = inspect(instance).attrs.name.history.deleted or ()
    return [_row(kind, name, instance.id) for name in names if name and public]


def _row(kind: str, name: str, object_id: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "object_id": object_id, "left_at": utcnow()}


_KEEP = sa.text(
    """
    INSERT INTO challenge_former_address (kind, name, object_id, left_at)
    VALUES (:kind, :name, :object_id, :left_at)
    ON CONFLICT (kind, name) DO UPDATE
    SET object_id = excluded.object_id, left_at = excluded.left_at
    """
)
_JOINED_WITH = sa.text(
    """
    SELECT siren FROM challenge_participant
    WHERE organization_id = :id AND siren IS NOT NULL
    ORDER BY joined_at DESC LIMIT 1
    """
)
_HAD_A_SIREN = sa.text(
    """
    UPDATE challenge_former_address SET object_id = :siren
    WHERE kind = 'organization' AND object_id = :id
    """
)


def _keep(connection: Any, left: list[dict[str, Any]]) -> None:
    for row in left:
        connection.execute(_KEEP, row)


def present_name(kind: Kind, name: str) -> str | None:
    """What is called now what once had that name.

    An organization that is gone is followed by the one of the same collectivité, or
    of that which replaced it.

    :returns: none where something has that name now, or nothing ever had
    """
    return shield.read("former addresses", lambda: _present(kind, name), None)


def _present(kind: Kind, name: str) -> str | None:
    found = model.Session.execute(sa.text(_NOW[kind]), {"name": name}).scalar()
    if found or kind == "cohort":
        return found
    extras = catalog.organization_extras(["siren"])
    line = _line_of(name)
    return model.Session.execute(
        sa.text(
            f"""
            {line}
            SELECT g.name FROM line JOIN "group" g ON g.is_organization
             AND g.state = 'active' {extras.joins}
            WHERE {extras.columns["siren"]} = line.siren
              AND NOT EXISTS (
                  SELECT 1 FROM "group" o WHERE o.name = :name AND o.state = 'active')
            ORDER BY {_IS_THE_LAST} DESC, g.created LIMIT 1
            """
        ),
        {"name": name},
    ).scalar()


def _line_of(name: str) -> str:
    """The SIREN that an organization of that name had, and those that came after."""
    extras = catalog.organization_extras(["siren"])
    return f"""
        WITH RECURSIVE named (id) AS (
            SELECT id FROM "group" WHERE name = :name AND is_organization
            UNION
            SELECT object_id FROM challenge_former_address
            WHERE kind = 'organization' AND name = :name
        ), line (siren) AS (
            SELECT {extras.columns["siren"]} FROM named
            JOIN "group" g ON g.id = named.id {extras.joins}
            UNION
            SELECT p.siren FROM named
            JOIN challenge_participant p ON p.organization_id = named.id
            UNION
            SELECT id FROM named
            UNION
            {_LATER}
        )
    """


def collectivite_of(name: str) -> str | None:
    """The SIREN of what replaced the collectivité whose organization once had that
    name, if the directory knows it.
    """
    statement = f"""
        {_line_of(name)}
        SELECT c.siren FROM line JOIN challenge_collectivite c ON c.siren = line.siren
        WHERE {_IS_THE_LAST} AND EXISTS (
            SELECT 1 FROM challenge_former_address f
            WHERE f.kind = 'collectivite' AND f.object_id = line.siren)
        LIMIT 1
    """
    return shield.read(
        "former addresses",
        lambda: model.Session.execute(sa.text(statement), {"name": name}).scalar(),
        None,
    )


def heir_of(name: str) -> Heir | None:
    """Who took the place of an organization that is still there, as its collectivité
    was replaced by another one whose organization is known to the challenge.
    """
    return _heirs.get_or_create("heirs", None, _all_heirs).get(name)


def _all_heirs() -> Mapping[str, Heir]:
    extras = catalog.organization_extras(["siren"])
    statement = f"""
        WITH RECURSIVE line (origin, siren) AS (
            SELECT name, object_id FROM challenge_former_address
            WHERE kind = 'collectivite'
            UNION
            SELECT line.origin, f.object_id FROM line
            JOIN challenge_former_address f
              ON f.kind = 'collectivite' AND f.name = line.siren
        ), known AS (
            SELECT g.id, g.name, g.created, {extras.columns["siren"]} AS siren
            FROM "group" g {extras.joins}
            WHERE g.is_organization AND g.state = 'active'
        )
        SELECT DISTINCT ON (was.name) was.name AS former, now.name AS present,
            array(
                SELECT c.name FROM challenge_participant p
                JOIN challenge_cohort c ON c.id = p.cohort_id
                WHERE p.organization_id = now.id AND c.state <> 'draft'
            ) AS cohorts
        FROM line
        JOIN known was ON was.siren = line.origin
        JOIN known now ON now.siren = line.siren
        WHERE {_IS_THE_LAST} AND line.siren <> line.origin AND (
            EXISTS (
                SELECT 1 FROM challenge_participant p
                JOIN challenge_cohort c ON c.id = p.cohort_id AND c.state <> 'draft'
                WHERE p.organization_id = now.id)
            OR EXISTS (
                SELECT 1 FROM challenge_award a WHERE a.organization_id = now.id)
        )
        ORDER BY was.name, now.created
    """
    return shield.read(
        "former addresses",
        lambda: {
            row.former: Heir(row.present, frozenset(row.cohorts))
            for row in model.Session.execute(sa.text(statement))
        },
        {},
    )


def takes_part(cohort: str, organization: str) -> bool:
    """Whether an organization has a page in a season, by their names."""
    statement = sa.text(
        """
        SELECT 1 FROM challenge_participant p
        JOIN challenge_cohort c ON c.id = p.cohort_id
        JOIN "group" g ON g.id = p.organization_id
        WHERE c.name = :cohort AND c.state <> 'draft' AND g.name = :organization
        """
    )
    names = {"cohort": cohort, "organization": organization}
    return shield.read(
        "former addresses",
        lambda: model.Session.execute(statement, names).first() is not None,
        True,
    )


def replace_collectivite(siren: str, by: str) -> None:
    """Keep that a collectivité was replaced; the caller commits.

    :param siren: what it had
    :param by: the SIREN of the one that replaced it
    """
    model.Session.execute(_KEEP, _row("collectivite", siren, by))


def present_siren(siren: str) -> str:
    """The SIREN of what a collectivité has become: its own, if nothing replaced it."""
    found = model.Session.execute(
        sa.text(
            f"""
            WITH RECURSIVE line (siren) AS (
                SELECT CAST(:siren AS text) UNION {_LATER}
            )
            SELECT siren FROM line WHERE {_IS_THE_LAST}
            """
        ),
        {"siren": siren},
    ).scalar()
    return found or siren


def successors_of(siren: str) -> list[str]:
    """The SIREN of all that came after a collectivité, itself not among them."""
    statement = sa.text(
        f"""
        WITH RECURSIVE line (siren) AS (
            SELECT object_id FROM challenge_former_address
            WHERE kind = 'collectivite' AND name = :siren
            UNION {_LATER}
        )
        SELECT siren FROM line
        """
    )
    return [*model.Session.execute(statement, {"siren": siren}).scalars()]


#: For statements ``WITH RECURSIVE``: the SIREN ``:siren``, and what it replaced.
LINE = """
    line (siren) AS (
        SELECT CAST(:siren AS text)
        UNION
        SELECT f.name FROM line JOIN challenge_former_address f
          ON f.kind = 'collectivite' AND f.object_id = line.siren
    )
"""

#: For statements ``WITH RECURSIVE``: each SIREN that was replaced, and what it is now.
HEIRS = """
    line (origin, siren) AS (
        SELECT name, object_id FROM challenge_former_address WHERE kind = 'collectivite'
        UNION
        SELECT line.origin, f.object_id FROM line
        JOIN challenge_former_address f
          ON f.kind = 'collectivite' AND f.name = line.siren
    ), heir AS (
        SELECT origin, siren FROM line
        WHERE NOT EXISTS (
            SELECT 1 FROM challenge_former_address f
            WHERE f.kind = 'collectivite' AND f.name = line.siren)
    )
"""


def line_of(siren: str) -> list[str]:
    """The SIREN of a collectivité, and of all those that it replaced."""
    statement = sa.text(f"WITH RECURSIVE {LINE} SELECT siren FROM line")
    return [*model.Session.execute(statement, {"siren": siren}).scalars()]

"""Addresses live: what was renamed is found under each name that it had.

The session is listened to, and not the actions: an organization is renamed by CKAN, by
a harvester or by a script as well as by us.
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from ckan import model
from sqlalchemy import inspect

from ckanext.challenge.model import Cohort
from ckanext.challenge.model.base import utcnow

from . import session_events, shield

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


def listen() -> None:
    """Listen to CKAN's sessions for new names; again changes nothing."""
    session_events.listen_to(after_flush=_after_flush)


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
    return [
        {"kind": kind, "name": name, "object_id": instance.id, "left_at": utcnow()}
        for name in names
        if name and public
    ]


def _keep(connection: Any, left: list[dict[str, Any]]) -> None:
    statement = sa.text(
        """
        INSERT INTO challenge_former_address (kind, name, object_id, left_at)
        VALUES (:kind, :name, :object_id, :left_at)
        ON CONFLICT (kind, name) DO UPDATE
        SET object_id = excluded.object_id, left_at = excluded.left_at
        """
    )
    for row in left:
        connection.execute(statement, row)


def present_name(kind: Kind, name: str) -> str | None:
    """What is called now what once had that name.

    :returns: none where something has that name now, or nothing ever had
    """
    return shield.read(
        "former addresses",
        lambda: model.Session.execute(sa.text(_NOW[kind]), {"name": name}).scalar(),
        None,
    )

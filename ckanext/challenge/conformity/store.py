"""Keep the last report on each resource, and say which are due.

Saving a report tells the queue of evaluation: see
:mod:`ckanext.challenge.progress.changes`, which listens to this table.
"""

from __future__ import annotations

import datetime as dt
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import Conformity

from . import registry
from .files import is_upload
from .report import Problem, Report

__all__ = ["due", "forget", "is_due", "save", "schema_of"]


def schema_of(resource: model.Resource) -> registry.Schema | None:
    """The national schema that a resource claims to follow, if it is known."""
    name = (resource.extras or {}).get("schema")
    return registry.get(name) if isinstance(name, str) else None


def save(resource_id: str, schema: str, report: Report) -> Conformity:
    """Store a report in place of the former one; the caller commits.

    The row of the resource is locked meanwhile, so that two jobs do not store at
    once and none stores for a resource that has just been purged.
    """
    found = Conformity.get(resource_id)
    if found is None:
        found = Conformity(resource_id=resource_id)
        model.Session.add(found)
    found.schema = schema
    found.status = report.status
    found.rows = report.rows
    found.errors = [problem.as_dict() for problem in report.errors]
    found.error_count = report.error_count
    found.checked_at = datetime.now(timezone.utc)
    return found


def forget(resource_id: str) -> bool:
    """Remove the report on a resource; the caller commits."""
    found = Conformity.get(resource_id)
    if found is not None:
        model.Session.delete(found)
    return found is not None


def failure(type_: str) -> Report:
    """The report on a file that could not be reached."""
    return Report("error", errors=(Problem(type_),), error_count=1)


def is_due(resource: model.Resource, report: Conformity | None) -> bool:
    """Whether the report is missing, or says nothing of the file as it is now."""
    schema = schema_of(resource)
    if schema is None or schema.descriptor is None or not is_upload(resource):
        return False
    if report is None or report.checked_at is None or report.schema != schema.id:
        return True
    changed = _changed(resource)
    return changed is not None and report.checked_at < changed


def _changed(resource: Any) -> datetime | None:
    """When the file was uploaded; never later than now, whatever a caller wrote."""
    moment: dt.datetime | None = resource.last_modified or resource.created
    if moment is None:
        return None
    return min(moment.replace(tzinfo=timezone.utc), datetime.now(timezone.utc))


def due(limit: int = 10_000) -> list[str]:
    """Ids of resources whose check was lost: Redis or a worker was down.

    For the nightly command.
    """
    names = [s.id for s in registry.known().values() if s.descriptor]
    statement = sa.text(
        """
        SELECT r.id
        FROM resource r
        JOIN package p ON p.id = r.package_id AND p.state = 'active'
        LEFT JOIN challenge_conformity c ON c.resource_id = r.id
        WHERE r.state = 'active' AND r.url_type = 'upload'
          AND r.extras LIKE '%"schema"%'
          AND CAST(r.extras AS jsonb) ->> 'schema' = ANY (:names)
          AND (c.checked_at IS NULL
               OR c.schema <> CAST(r.extras AS jsonb) ->> 'schema'
               OR c.checked_at < least(
                   coalesce(r.last_modified, r.created) AT TIME ZONE 'UTC', now()))
        ORDER BY r.id
        LIMIT :limit
        """
    )
    rows = model.Session.execute(statement, {"names": names, "limit": limit})
    return [row[0] for row in rows]

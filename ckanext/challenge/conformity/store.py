"""Keep the last report on each resource, and say which are due.

Saving a report tells the queue of evaluation: see
:mod:`ckanext.challenge.progress.changes`, which listens to this table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import own_fields
from ckanext.challenge.domain.verdicts import BROKE
from ckanext.challenge.model import Conformity, catalog

from . import registry
from .files import is_reachable
from .links import LINK_PATTERN
from .report import Report

#: The extras of a resource that decide on its verdict, beside its schema and encoding.
_READ = ("validation_status", "validation_timestamp")

#: A link is looked at again after so many days, since nobody says when what is behind
#: it changes; one that did not answer after so many hours.
_LINK_DAYS = 7
_BROKEN_HOURS = 20


def schema_of(resource: model.Resource) -> registry.Schema | None:
    """The national schema that a resource claims to follow, if it is known."""
    name = own_fields.read(resource.extras, "schema")
    return registry.get(name) if name else None


def read_of(extras: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of the extras of a resource, what decides on its verdict."""
    own = (own_fields.read(extras, name) for name in ("schema", "encoding"))
    return (*own, *map(extras.get, _READ))


def checked_schema(resource: model.Resource) -> registry.Schema | None:
    """The schema against which a job can check a resource, if there is one."""
    schema = schema_of(resource)
    return schema if schema and schema.descriptor and is_reachable(resource) else None


def is_checkable(resource: model.Resource) -> bool:
    """Whether a job can check a resource: its schema is at hand, its file in reach."""
    return checked_schema(resource) is not None


def save(
    resource_id: str, schema: str, report: Report, began: datetime | None = None
) -> Conformity:
    """Store a report in place of the former one; the caller commits.

    The row of the resource is locked meanwhile, so that two jobs do not store at
    once and none stores for a resource that has just been purged.

    :param began: when the check began (now): a file that is newer is due again
    """
    found = Conformity.get(resource_id)
    if found is None:
        found = Conformity(resource_id=resource_id)
        model.Session.add(found)
    elif report.is_own_fault and found.schema == schema and not found.is_own_fault:
        # The former verdict stands until there is another one.
        found.checked_at = None
        return found
    found.schema = schema
    found.status = report.status
    found.rows = report.rows
    found.errors = [problem.as_dict() for problem in report.errors]
    found.error_count = report.error_count
    found.groups = [group.as_dict() for group in report.groups]
    found.partial = report.partial
    found.encoding = report.encoding
    found.separator = report.separator
    found.checked_at = began or datetime.now(timezone.utc)
    return found


def forget(resource_id: str) -> bool:
    """Remove the report on a resource; the caller commits."""
    found = Conformity.get(resource_id)
    if found is not None:
        model.Session.delete(found)
    return found is not None


def outdate(connection: Any, resource_ids: Collection[str]) -> None:
    """Mark the reports on resources as made of something that has changed.

    Their verdicts go on to count until there is another one, so that no step goes
    back and forth with each change.

    :param connection: of the transaction in which the resources change
    """
    table = Conformity.__table__
    connection.execute(
        table.update()
        .where(table.c.resource_id.in_(resource_ids))
        .values(checked_at=None)
    )


def reported(
    connection: Any, package_ids: Collection[str], organization_ids: Collection[str]
) -> set[str]:
    """The resources with a report, of some datasets or of some organizations.

    :param connection: of the transaction in which these change
    """
    rows = connection.execute(
        sa.select(Conformity.resource_id)
        .join(model.Resource, model.Resource.id == Conformity.resource_id)
        .join(model.Package, model.Package.id == model.Resource.package_id)
        .where(
            sa.or_(
                model.Package.id.in_(sorted(package_ids)),
                model.Package.owner_org.in_(sorted(organization_ids)),
            )
        )
    )
    return {row[0] for row in rows}


def is_due(resource: model.Resource, report: Conformity | None) -> bool:
    """Whether the report is missing, or says nothing of the file as it is now."""
    schema = checked_schema(resource)
    if schema is None:
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


def waiting(organization_id: str) -> list[str]:
    """Ids of the public resources of an organization whose check is still to come."""
    return _without_report(
        "p.owner_org = :organization AND p.private IS NOT TRUE",
        organization=organization_id,
    )


def due(
    organization_ids: Collection[str] | None = None, limit: int = 10_000
) -> list[str]:
    """Ids of resources to be checked: their job was lost, since Redis or a worker was
    down, or they are links that were not looked at for long.

    For commands. Those without a report on what they are now come first, then the
    oldest reports.

    :param organization_ids: only those of these organizations
    """
    return _without_report(
        "(:everyone OR p.owner_org = ANY (:organizations))",
        """
        OR (c.status = 'error' AND c.errors -> 0 ->> 'type' = :failed)
        OR (place.is_link AND c.checked_at < now() - CASE c.status
            WHEN 'error' THEN make_interval(hours => :hours)
            ELSE make_interval(days => :days) END)
        """,
        everyone=organization_ids is None,
        organizations=list(organization_ids or ()),
        failed=BROKE,
        hours=_BROKEN_HOURS,
        days=_LINK_DAYS,
    )[:limit]


def _without_report(whose: str, or_again: str = "", **values: Any) -> list[str]:
    """Ids of resources to be checked that have no report on what they are now.

    :param whose: which datasets are looked at, as SQL
    :param or_again: for what other reasons a report is old, as SQL
    """
    named = catalog.resource_field("schema")
    statement = sa.text(
        f"""
        SELECT r.id, {named}, c.schema,
               c.checked_at IS NULL
               OR c.checked_at < least(
                   coalesce(r.last_modified, r.created) AT TIME ZONE 'UTC', now())
               {or_again} AS is_old
        FROM resource r
        JOIN package p ON p.id = r.package_id AND p.state = 'active'
        LEFT JOIN challenge_conformity c ON c.resource_id = r.id
        CROSS JOIN LATERAL (
            SELECT coalesce(r.url_type, '') = '' AND r.url ~* :link AS is_link
        ) AS place
        WHERE r.state = 'active' AND (r.url_type = 'upload' OR place.is_link)
          AND {whose}
          AND {catalog.resource_has("schema")}
          AND coalesce({named}, '') <> ''
        ORDER BY c.checked_at NULLS FIRST, r.id
        """
    )
    rows = model.Session.execute(statement, {"link": LINK_PATTERN, **values})
    return [
        id_
        for id_, name, checked, is_old in rows
        if (schema := registry.get(name))
        and schema.descriptor
        and (is_old or schema.id != checked)
    ]

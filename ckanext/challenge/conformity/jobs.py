"""The job that checks one resource, and what queues it."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ckan import model

from ckanext.challenge.background import later

from . import store
from .check import check
from .files import is_upload, local_file
from .report import Report, Unreadable

__all__ = ["check_due", "check_resource", "enqueue"]

log = logging.getLogger(__name__)

#: Seconds after which a job is ended.
_TIMEOUT = 900


def check_resource(resource_id: str) -> None:
    """Check the file of a resource against its national schema and store the report.

    Safe to run again, and for a resource that has gone or has no schema any more: its
    report is removed then. Whatever the file is, the worker lives on.
    """
    resource = model.Session.get(model.Resource, resource_id)
    schema = store.schema_of(resource) if resource is not None else None
    if (
        resource is None
        or resource.state != "active"
        or schema is None
        or schema.descriptor is None
        or not is_upload(resource)
    ):
        store.forget(resource_id)
        model.Session.commit()
        return
    encoding = (resource.extras or {}).get("encoding") or None
    try:
        with local_file(resource) as path:
            report = check(path, schema, encoding)
    except Unreadable as reason:
        report = Report("error", errors=(reason.problem,), error_count=1)
    except Exception:
        # Of what RQ ends after too long too: its exception comes from a signal.
        log.exception("The check of resource %s failed", resource_id)
        model.Session.rollback()
        report = store.failure("failed")
    _save(resource_id, schema.id, report)
    log.info(
        "Resource %s checked against %s: %s, %s rows, %s problems",
        resource_id,
        schema.id,
        report.status,
        report.rows,
        report.error_count,
    )


def _save(resource_id: str, schema: str, report: Report) -> None:
    # Locked, so that it is neither purged nor checked twice at once meanwhile.
    kept = (
        model.Session.query(model.Resource.id)
        .filter_by(id=resource_id)
        .with_for_update()
        .first()
    )
    if kept is not None:
        store.save(resource_id, schema, report)
    model.Session.commit()


def check_due() -> int:
    """Check, here and now, the files whose job was lost; for the nightly command.

    :returns: how many there were
    """
    resource_ids = store.due()
    for resource_id in resource_ids:
        check_resource(resource_id)
    return len(resource_ids)


def enqueue(resource_ids: Iterable[str]) -> None:
    """Have resources checked soon; without Redis the nightly command finds them."""
    for resource_id in resource_ids:
        if not later(
            check_resource,
            resource_id,
            title=f"challenge: check resource {resource_id}",
            timeout=_TIMEOUT,
            result_ttl=0,
        ):
            return

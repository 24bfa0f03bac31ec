"""The job that checks one resource, and what queues it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timezone

from ckan import model

from ckanext.challenge.common import jobs, shield
from ckanext.challenge.domain.verdicts import BROKE

from . import publishers, registry, store, validation
from .files import Place, opened
from .report import Report, Unreadable

log = logging.getLogger(__name__)

#: The types of what only this portal knows: a file, or a point, is somebody else's.
FOREIGN = frozenset({"publisher-value", "outside-commune"})
#: The queue of the checks: a large file keeps no evaluation and no mail waiting.
QUEUE = "challenge-conformity"
#: Seconds after which a job is ended.
_TIMEOUT = 900
#: Seconds after which a command begins no further check: servers may be slow, and the
#: next night goes on.
_NIGHT = 3600


def check_resource(resource_id: str) -> None:
    """Check the file of a resource against its national schema and store the report.

    Safe to run again, and for a resource that has gone or has no schema any more: its
    report is removed then. Whatever the file is, the worker lives on. Where
    ckanext-validation has judged the file, its verdict is stored.
    """
    jobs.begun(check_resource, resource_id)
    began = datetime.now(timezone.utc)
    resource = model.Session.get(model.Resource, resource_id)
    schema = None
    if resource is not None and resource.state == "active":
        schema = store.checked_schema(resource)
    if resource is None or schema is None:
        store.forget(resource_id)
        model.Session.commit()
        return
    judged = validation.verdict(resource)
    place, publisher = Place.of(resource), publishers.of(resource)
    # Nothing is locked or kept open while a server takes its time.
    model.Session.commit()
    report = judged or _check(place, schema, publisher)
    if judged is not None and judged.status == "valid" and schema.publisher:
        # It does not know whose file this is.
        own = _check(place, schema, publisher)
        if any(group.examples[0].type in FOREIGN for group in own.groups):
            report = own
    _save(resource_id, schema.id, report, began)
    log.info(
        "Resource %s checked against %s: %s, %s rows, %s problems",
        resource_id,
        schema.id,
        report.status,
        report.rows,
        report.error_count,
    )


def _check(
    place: Place, schema: registry.Schema, publisher: publishers.Publisher
) -> Report:
    # frictionless is loaded where a file is checked: no web process needs it.
    from .check import check  # noqa: PLC0415

    try:
        with opened(place) as file:
            return check(file.path, schema, file.encoding, publisher)
    except Unreadable as reason:
        return Report.of(reason)
    except Exception:
        # Of what RQ ends after too long too: its exception comes from a signal.
        log.exception("The check of resource %s failed", place.resource_id)
        return Report.of(Unreadable(BROKE))


def _save(resource_id: str, schema: str, report: Report, began: datetime) -> None:
    # Locked, so that it is neither purged nor checked twice at once meanwhile.
    kept = (
        model.Session.query(model.Resource.id)
        .filter_by(id=resource_id)
        .with_for_update()
        .first()
    )
    if kept is not None:
        store.save(resource_id, schema, report, began)
    model.Session.commit()


def check_due(
    organization_ids: Collection[str] | None = None,
    on_progress: Callable[[int], object] = lambda done: None,
    resource_ids: Collection[str] | None = None,
) -> int:
    """Check, here and now, the files whose job was lost and the links whose time has
    come; for the nightly command.

    It ends after an hour; what is left is found again. One whose report cannot be
    stored keeps no other waiting.

    :param organization_ids: only those of these organizations
    :param on_progress: told after each how many were done (one)
    :param resource_ids: those that :func:`.store.due` has answered already
    :returns: how many were checked
    """
    if resource_ids is None:
        resource_ids = store.due(organization_ids)
    end = time.monotonic() + _NIGHT
    done = 0
    for resource_id in resource_ids:
        if time.monotonic() > end:
            log.warning("%s files are left to the next night", len(resource_ids) - done)
            break
        try:
            check_resource(resource_id)
        except Exception as error:
            model.Session.rollback()
            if shield.is_down(error):
                raise
            # The others are checked all the same.
            log.exception("The report on resource %s is not stored", resource_id)
        done += 1
        on_progress(1)
    return done


def enqueue(resource_ids: Iterable[str]) -> None:
    """Have resources checked soon, each once however often it has just changed.

    Without Redis the nightly command finds them.
    """
    for resource_id in resource_ids:
        if not jobs.enqueue_once(
            check_resource,
            resource_id,
            title=f"challenge: check resource {resource_id}",
            queue=QUEUE,
            timeout=_TIMEOUT,
            result_ttl=0,
        ):
            return

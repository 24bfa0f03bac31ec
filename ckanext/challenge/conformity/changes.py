"""Notice new and changed files, and have them checked.

As for the evaluation (:mod:`ckanext.challenge.progress.changes`), CKAN's session is
listened to: one place sees every way in which a resource changes, and a job is queued
only when the change is committed, after the upload was written.
"""

from __future__ import annotations

import logging
from typing import Any

from ckan import model, plugins
from ckan.model import meta
from sqlalchemy import event, inspect

from . import jobs, store
from .files import is_upload

__all__ = ["listen"]

log = logging.getLogger(__name__)

_KEY = "ckanext.challenge.conformity"
#: A change of any of these may change the verdict.
_RELEVANT = ("url", "url_type", "last_modified", "state", "extras")


def listen() -> None:
    """Listen to CKAN's sessions; a second call changes nothing."""
    for target in (meta.Session, meta.create_local_session):
        for name, receiver in (
            ("after_flush", _after_flush),
            ("after_commit", _after_commit),
            ("after_soft_rollback", _after_soft_rollback),
        ):
            if not event.contains(target, name, receiver):
                event.listen(target, name, receiver)


def _after_flush(session: Any, flush_context: Any) -> None:
    found = {
        instance.id
        for instance in session.new
        if isinstance(instance, model.Resource) and _is_checkable(instance)
    }
    found |= {
        instance.id
        for instance in session.dirty
        if isinstance(instance, model.Resource) and _needs_check(instance)
    }
    if found:
        session.info.setdefault(_KEY, set()).update(found)


def _is_checkable(resource: Any) -> bool:
    schema = store.schema_of(resource)
    return bool(schema and schema.descriptor and is_upload(resource))


def _needs_check(resource: Any) -> bool:
    attributes = inspect(resource).attrs
    if not any(attributes[name].history.has_changes() for name in _RELEVANT):
        return False
    # One that had a schema, or was an upload, may have a report to be removed.
    before = (attributes.extras.history.deleted or [None])[0] or {}
    was_upload = "upload" in (attributes.url_type.history.deleted or ())
    return _is_checkable(resource) or bool(before.get("schema")) or was_upload


def _after_commit(session: Any) -> None:
    # Also called when a savepoint ends, whose changes may yet be rolled back.
    if _KEY not in session.info or session.in_nested_transaction():
        return
    found = session.info.pop(_KEY)
    if plugins.plugin_loaded("challenge"):
        try:
            jobs.enqueue(sorted(found))
        except Exception:
            # What CKAN has just saved is saved, whatever becomes of this.
            log.exception("Resources wait for the nightly check: %s", found)


def _after_soft_rollback(session: Any, previous_transaction: Any) -> None:
    if not previous_transaction.nested:
        session.info.pop(_KEY, None)

"""Notice new and changed files, and have them checked.

As for the evaluation (:mod:`ckanext.challenge.progress.changes`), CKAN's session is
listened to: one place sees every way in which a resource changes, and a job is queued
only when the change is committed, after the upload was written.
"""

from __future__ import annotations

from typing import Any

from ckan import model
from sqlalchemy import inspect

from ckanext.challenge.collecting import Collector

from . import jobs, store
from .files import is_upload

__all__ = ["collector"]

#: A change of any of these may change the verdict.
_RELEVANT = ("url", "url_type", "last_modified", "state", "extras")


def _to_check(session: Any) -> set[str]:
    found = {
        instance.id
        for instance in session.new
        if isinstance(instance, model.Resource) and _is_checkable(instance)
    }
    return found | {
        instance.id
        for instance in session.dirty
        if isinstance(instance, model.Resource) and _needs_check(instance)
    }


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


#: Hands the resources that changed to the job that checks them.
collector = Collector("conformity", _to_check, lambda ids: jobs.enqueue(sorted(ids)))

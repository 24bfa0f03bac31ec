"""Notice new and changed files, and have them checked.

As for the evaluation (:mod:`ckanext.challenge.progress.changes`), CKAN's session is
listened to: one place sees every way in which a resource changes, and a job is queued
only when the change is committed, after the upload was written. The former report is
marked as outdated in the same transaction, so that a job which is lost is missed.
"""

from __future__ import annotations

from typing import Any

from ckan import model
from sqlalchemy import inspect

from ckanext.challenge.common import own_fields, shield
from ckanext.challenge.common.session_events import CommitListener

from . import jobs, publishers, store

#: A change of any of these may change the verdict.
_RELEVANT = ("url", "url_type", "last_modified", "state", "extras")


def _to_check(session: Any) -> set[str]:
    new = {
        instance.id
        for instance in session.new
        if isinstance(instance, model.Resource) and store.is_checkable(instance)
    }
    changed = {
        instance.id
        for instance in session.dirty
        if isinstance(instance, model.Resource) and _needs_check(instance)
    }
    changed |= _of_publishers(session)
    if changed:
        connection = session.connection()
        shield.write(
            connection,
            lambda: store.outdate(connection, changed),
            "that reports are outdated",
        )
    return new | changed


def _of_publishers(session: Any) -> set[str]:
    """The resources with a report whose publisher is another one now."""
    packages: set[str] = set()
    groups: set[str] = set()
    for instance in [*session.new, *session.dirty]:
        if isinstance(instance, model.Package):
            if _publisher_differs(instance, (publishers.FOR_OTHERS,), "owner_org"):
                packages.add(instance.id)
        elif isinstance(instance, model.Group):
            if _publisher_differs(instance, publishers.NUMBERS):
                groups.add(instance.id)
        # On CKAN 2.11 extras are rows of their own.
        elif _is_extra(instance, "package_id", (publishers.FOR_OTHERS,)):
            packages.add(instance.package_id)
        elif _is_extra(instance, "group_id", publishers.NUMBERS):
            groups.add(instance.group_id)
    # What is new has no report yet: publishing asks nothing.
    new = {
        instance.id
        for instance in session.new
        if isinstance(instance, model.Package | model.Group)
    }
    packages -= new
    groups -= new
    if not packages and not groups:
        return set()
    found: set[str] = set()
    connection = session.connection()
    shield.write(
        connection,
        lambda: found.update(store.reported(connection, packages, groups)),
        "which reports name a publisher",
    )
    return found


def _is_extra(instance: Any, owner: str, names: tuple[str, ...]) -> bool:
    """Whether this is a row of an extra that says who publishes."""
    key = getattr(instance, "key", None)
    if key is None or not getattr(instance, owner, None):
        return False
    return key in map(own_fields.of_form, names)


def _publisher_differs(entity: Any, names: tuple[str, ...], *columns: str) -> bool:
    attributes = inspect(entity).attrs
    if any(attributes[name].history.has_changes() for name in columns):
        return True
    if "extras" not in attributes or not attributes.extras.history.has_changes():
        return False
    before = (attributes.extras.history.deleted or [None])[0] or {}
    after = entity.extras or {}
    return any(
        own_fields.read(before, name) != own_fields.read(after, name) for name in names
    )


def _needs_check(resource: Any) -> bool:
    attributes = inspect(resource).attrs
    changed = {name for name in _RELEVANT if attributes[name].history.has_changes()}
    if "extras" in changed and not _read_differs(attributes.extras.history):
        changed.remove("extras")
    if not changed:
        return False
    if store.is_checkable(resource):
        return True
    # It may have been checked before: its report is to be removed.
    before = (attributes.extras.history.deleted or [None])[0] or resource.extras or {}
    return bool(own_fields.read(before, "schema"))


def _read_differs(history: Any) -> bool:
    """Whether one of the extras that a check reads has changed."""
    before, after = (
        (values or [None])[0] or {} for values in (history.deleted, history.added)
    )
    return store.read_of(before) != store.read_of(after)


#: Hands the resources that changed to the job that checks them.
listener = CommitListener(
    "conformity", _to_check, lambda ids: jobs.enqueue(sorted(ids))
)

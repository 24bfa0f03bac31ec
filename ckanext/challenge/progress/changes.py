"""Notice what changes in the catalogue, and have it evaluated.

SQLAlchemy's own events on CKAN's session are listened to, and not the signals of
actions: one place then sees every way in which a dataset, a member or an organization
changes (actions, purges, other plugins, scripts), with the organization that a dataset
left as well as the one it joined, and nothing is told before it is committed or
after it was rolled back. What the session does not see is SQL of which it loads no
row: CKAN 2.11's bulk actions. For these there are receivers of signals.

Ids are only collected while CKAN saves (some microseconds); after the commit they go
to the queue in one round trip to Redis.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ckan import model, plugins
from ckan.model import meta
from sqlalchemy import event, inspect

from ckanext.challenge.model import Cohort, Conformity, Participant
from ckanext.challenge.progress import queue

__all__ = ["BULK_ACTIONS", "bulk_update", "listen"]

log = logging.getLogger(__name__)

#: Actions that change datasets by SQL of their own in CKAN 2.11.
BULK_ACTIONS = ("bulk_update_public", "bulk_update_private", "bulk_update_delete")

_KEY = "ckanext.challenge.changes"


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


def bulk_update(sender: str, **kwargs: Any) -> None:
    """Receive the signal of one of :data:`BULK_ACTIONS`: it names the organization."""
    organization_id = (kwargs.get("data_dict") or {}).get("org_id")
    if organization_id:
        queue.add([f"organization:{organization_id}"])


def _after_flush(session: Any, flush_context: Any) -> None:
    found: set[str] = set()
    for instance in (*session.new, *session.deleted):
        found.update(_touched(instance))
    for instance in session.dirty:
        if isinstance(instance, _WATCHED) and session.is_modified(
            instance, include_collections=False
        ):
            found.update(_touched(instance))
    if found:
        session.info.setdefault(_KEY, set()).update(found)


def _after_commit(session: Any) -> None:
    # Also called when a savepoint ends, whose changes may yet be rolled back.
    if _KEY not in session.info or session.in_nested_transaction():
        return
    found = session.info.pop(_KEY)
    # Tests and commands load plugins and unload them; the listener stays.
    if plugins.plugin_loaded("challenge"):
        try:
            queue.add(found)
        except Exception:
            # What CKAN has just saved is saved, whatever becomes of this.
            log.exception("Changes wait for the nightly evaluation: %s", found)


def _after_soft_rollback(session: Any, previous_transaction: Any) -> None:
    # After a savepoint's rollback the rest may still be committed: what is too much
    # costs an evaluation that changes nothing.
    if not previous_transaction.nested:
        session.info.pop(_KEY, None)


def _values(instance: Any, name: str) -> list[str]:
    """Return the values of an attribute before and after the flush."""
    history = inspect(instance).attrs[name].history
    return [value for value in history.sum() if value]


def _organizations(name: str) -> _Touches:
    """Touches the organizations that an attribute named, before and after."""
    return lambda instance: [f"organization:{id_}" for id_ in _values(instance, name)]


def _of_member(member: Any) -> list[str]:
    if member.table_name not in {"package", "user"}:
        return []
    return _organizations("group_id")(member)


def _of_group(group: Any) -> list[str]:
    return [f"organization:{group.id}"] if group.is_organization else []


def _of_user(user: Any) -> list[str]:
    # An invited member counts from the first login on.
    changed = inspect(user).attrs.state.history.has_changes()
    return [f"user:{user.id}"] if changed else []


_Touches = Callable[[Any], list[str]]

#: What each kind of object touches when it changes.
_TOUCHES: dict[type, _Touches] = {
    model.Package: _organizations("owner_org"),
    # CKAN 2.11 leaves the dataset as it is when its last file goes.
    model.Resource: lambda resource: [f"dataset:{resource.package_id}"],
    model.Member: _of_member,
    model.Group: _of_group,
    model.User: _of_user,
    Participant: _organizations("organization_id"),
    Cohort: lambda cohort: [f"cohort:{cohort.id}"],
    Conformity: lambda report: [f"resource:{report.resource_id}"],
}
_group_extra: type | None = getattr(model, "GroupExtra", None)
if _group_extra is not None:
    # CKAN 2.11 keeps an organization's own fields in rows of their own.
    _TOUCHES[_group_extra] = _organizations("group_id")

_WATCHED = tuple(_TOUCHES)


def _touched(instance: Any) -> list[str]:
    """Return references to what an object's change touches."""
    for kind, touches in _TOUCHES.items():
        if isinstance(instance, kind):
            return touches(instance)
    return []

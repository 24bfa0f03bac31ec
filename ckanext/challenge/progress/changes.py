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

from collections.abc import Callable
from typing import Any

from ckan import model
from sqlalchemy import inspect

from ckanext.challenge.common.session_events import CommitListener
from ckanext.challenge.model import Cohort, Conformity, Participant

from . import jobs

#: Actions that change datasets by SQL of their own in CKAN 2.11.
BULK_ACTIONS = ("bulk_update_public", "bulk_update_private", "bulk_update_delete")


def bulk_update(sender: str, **kwargs: Any) -> None:
    """Receive the signal of one of :data:`BULK_ACTIONS`: it names the organization."""
    organization_id = (kwargs.get("data_dict") or {}).get("org_id")
    if organization_id:
        jobs.evaluate_soon([f"organization:{organization_id}"])


def _changed(session: Any) -> set[str]:
    found: set[str] = set()
    for instance in (*session.new, *session.deleted):
        found.update(_touched(instance))
    for instance in session.dirty:
        if isinstance(instance, _WATCHED) and session.is_modified(
            instance, include_collections=False
        ):
            found.update(_touched(instance))
    return found


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


#: Hands what changed to the queue of the evaluation.
listener = CommitListener("changes", _changed, jobs.evaluate_soon)

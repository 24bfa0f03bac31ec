"""The journal, for those who run a season."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, Schema

from ckanext.challenge.common import fields, journal
from ckanext.challenge.common.action_helpers import paginate, validate
from ckanext.challenge.model import JournalEntry
from ckanext.challenge.model.dictize import columns

_SHOWN = ("id", "at", "actor", "action", "object_type", "object_id", "data", "digest")
OBJECT_TYPES = (
    "application",
    "award",
    "claim",
    "cohort",
    "late_code",
    "organization",
    "participant",
    "staff",
)


def _schema() -> Schema:
    return {
        "object_type": fields.choice(OBJECT_TYPES),
        "object_id": fields.raw(required=False),
        **fields.paging(),
    }


@tk.side_effect_free
def challenge_journal_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List what was done, the latest first.

    Sysadmins may call this; for one application, award, season or participant of
    theirs managers, and advisers for all but an application.

    :param object_type: ``application``, ``award``, ``claim``, ``cohort``,
        ``late_code``, ``organization``, ``participant`` or ``staff``
    :type object_type: string
    :param object_id: the id of one object
    :type object_id: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{id, at, actor, actor_name, action,
        object_type, object_id, data, digest}``: ``actor`` is the id of a user,
        ``anonymous`` or ``system``, ``actor_name`` the name of a user who is still
        there
    :rtype: dict
    """
    data = validate(context, data_dict, _schema())
    tk.check_access("challenge_journal_list", context, data)
    query = model.Session.query(JournalEntry)
    for name in ("object_type", "object_id"):
        if name in data:
            query = query.filter_by(**{name: data[name]})
    rows, count = paginate(query.order_by(JournalEntry.id.desc()), data)
    shown = [columns(row, _SHOWN) for row in rows]
    names = _names({row["actor"] for row in shown})
    return {
        "count": count,
        "results": [{**row, "actor_name": names.get(row["actor"])} for row in shown],
    }


def _names(actors: set[str]) -> dict[str, str]:
    """How users are called, by id, in one statement."""
    people = actors - {journal.SYSTEM, journal.ANONYMOUS}
    if not people:
        return {}
    users = model.Session.query(model.User).filter(model.User.id.in_(people))
    return {user.id: user.display_name for user in users}

"""Codes that let somebody apply although the deadline is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.cohorts import schema
from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    paginate,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import late_codes
from ckanext.challenge.model import LateCode, locks
from ckanext.challenge.model.dictize import columns

_SHOWN = (
    "id",
    "cohort_id",
    "code",
    "note",
    "valid_until",
    "max_uses",
    "uses",
    "created_by",
    "created_at",
)


@tk.side_effect_free
def challenge_late_code_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the late-entry codes of a season, the latest first.

    Its managers and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{id, cohort_id, code, note, valid_until,
        max_uses, uses, created_by, created_at, state}``, the state being ``active``,
        ``used`` (as often as it could be) or ``expired``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.late_code_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_late_code_list", context, {"cohort": cohort.id})
    query = model.Session.query(LateCode).filter_by(cohort_id=cohort.id)
    rows, count = paginate(
        query.order_by(LateCode.created_at.desc(), LateCode.code), data
    )
    today = config.today()
    return {"count": count, "results": [_dictize(row, today) for row in rows]}


def challenge_late_code_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Make a code that lets somebody apply to a season whose deadline is over.

    Its managers and sysadmins may call this. The code is made at random. It works
    while the season is open or running.

    :param cohort: the id or name of the season
    :type cohort: string
    :param note: for whom it is, for the managers
    :type note: string
    :param valid_until: the last day on which it works (no limit)
    :type valid_until: string
    :param max_uses: how many applications can be begun with it (1)
    :type max_uses: int
    :returns: the code, as :py:func:`challenge_late_code_list` shows it
    :rtype: dict
    :raises ValidationError: by field
    """
    named = validate(context, data_dict, fields.reference("cohort"))
    cohort = roles.seen_cohort(context, named["cohort"])
    tk.check_access("challenge_late_code_create", context, {"cohort": cohort.id})
    data = validate(context, data_dict, schema.late_code_create())
    today = config.today()
    if "valid_until" in data and data["valid_until"] < today:
        raise tk.ValidationError({"valid_until": [tk._("This day is over")]})
    made = LateCode(
        cohort_id=cohort.id,
        note=data.get("note"),
        valid_until=data.get("valid_until"),
        max_uses=data["max_uses"],
        created_by=user_id_of(context),
    )
    _give_code(made)
    journal.record(
        actor_of(context),
        "create",
        "late_code",
        made.id,
        {
            "cohort_id": cohort.id,
            "max_uses": made.max_uses,
            "valid_until": made.valid_until and made.valid_until.isoformat(),
        },
    )
    commit(context)
    return _dictize(made, today)


def challenge_late_code_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Make a late-entry code useless.

    Managers of its season and sysadmins may call this. A code that nobody used is
    deleted; one that was used stays in the list, used up, since applications point to
    it: they stay as they are.

    :param id: the id of the code, as :py:func:`challenge_late_code_list` gives it
    :type id: string
    """
    data = validate(context, data_dict, fields.reference())
    found = model.Session.get(LateCode, data["id"])
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such code"))
    tk.check_access("challenge_late_code_delete", context, {"cohort": found.cohort_id})
    # Somebody may be using it right now.
    model.Session.refresh(found, with_for_update=True)
    journal.record(
        actor_of(context),
        "delete",
        "late_code",
        found.id,
        {"cohort_id": found.cohort_id, "uses": found.uses},
    )
    if found.uses:
        found.max_uses = found.uses
    else:
        model.Session.delete(found)
    commit(context)


def _give_code(made: LateCode) -> None:
    """Store the row under a code that no other row of its season has.

    A statement that the database refuses would stand in its log, with the note.
    """
    locks.hold(f"late codes of {made.cohort_id}")
    taken = sa.select(LateCode.code).where(LateCode.cohort_id == made.cohort_id)
    known = set(model.Session.execute(taken).scalars())
    made.code = next(filter(lambda code: code not in known, _codes()))
    model.Session.add(made)
    model.Session.flush()


def _codes() -> Iterator[str]:
    while True:
        yield late_codes.new_code()


def _dictize(row: LateCode, today: dt.date) -> dict[str, Any]:
    state = "active"
    if row.uses >= row.max_uses:
        state = "used"
    elif row.valid_until is not None and row.valid_until < today:
        state = "expired"
    return {**columns(row, _SHOWN), "state": state}

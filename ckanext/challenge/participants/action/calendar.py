"""The calendar of the team: an address for one's own calendar program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    user_id_of,
    validate,
)
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import CalendarKey, Cohort, Participant, Visit
from ckanext.challenge.model.base import make_id
from ckanext.challenge.model.dictize import as_json, name_of
from ckanext.challenge.participants import calendar_keys, schema

#: How many days back a calendar program reads.
_MOST = 2000


@tk.side_effect_free
def challenge_calendar_address_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the address at which one's own calendar program reads a season's visits.

    The staff of the season and sysadmins may call this; each is answered the own one.
    Whoever has the address reads the visits: it is a secret.

    :param cohort: the id or name of the season
    :type cohort: string
    :returns: ``{url, created_at}``, both ``None`` where there is none
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    """
    cohort, user_id = _own(context, data_dict, "show")
    return _dictize(calendar_keys.of(user_id, cohort.id) if user_id else None)


def challenge_calendar_address_create(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Make an address for one's own calendar program; a former one ends.

    The staff of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :returns: as :py:func:`challenge_calendar_address_show`
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    """
    cohort, user_id = _own(context, data_dict, "create")
    if user_id is None:
        raise tk.NotAuthorized(tk._("Sign in: the address is that of an account"))
    with all_or_nothing(context):
        _end(user_id, cohort.id)
        row = CalendarKey(id=make_id(), user_id=user_id, cohort_id=cohort.id)
        model.Session.add(row)
        model.Session.flush()
        journal.record(actor_of(context), "calendar", "cohort", cohort.id, {})
    return _dictize(row)


def challenge_calendar_address_delete(
    context: Context, data_dict: dict[str, Any]
) -> None:
    """End the address of one's own calendar program: it answers nothing any more.

    The staff of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :raises ObjectNotFound: when there is no such season
    """
    cohort, user_id = _own(context, data_dict, "delete")
    with all_or_nothing(context):
        if user_id and _end(user_id, cohort.id):
            journal.record(actor_of(context), "calendar_end", "cohort", cohort.id, {})


@tk.side_effect_free
def challenge_calendar_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the visits of the person whose address it is, for a calendar program.

    Whoever has the address may call this, as long as its person has an account and is
    on the team. Notes are not among them, since calendars are copied to other places.
    What is cancelled is left out, as is what was planned with one that has left.

    :param key: the secret part of the address
    :type key: string
    :param team: those of the whole team; for managers (false)
    :type team: bool
    :returns: ``{cohort, title, name, changed_at, results}``: ``title`` is the season's,
        ``name`` the person's; ``changed_at`` is when any of these visits changed for
        the last time, those that were cancelled too; each result is ``{key, date,
        starts_at, duration, days, kind, state, place, topic, adviser, organizations:
        [{name, title}]}``, one for a visit to several
    :rtype: dict
    :raises ObjectNotFound: when there is no such address, or no longer
    """
    data = validate(context, data_dict, schema.calendar_show())
    tk.check_access("challenge_calendar_show", context, data)
    row = calendar_keys.find(data["key"])
    user = model.User.get(row.user_id) if row else None
    cohort = model.Session.get(Cohort, row.cohort_id) if row else None
    if row is None or cohort is None or user is None or user.state != "active":
        raise _no_such()
    theirs: Context = {"user": user.name}
    if not roles.is_staff(theirs, cohort.id):
        raise _no_such()
    conditions: list[Any] = []
    if not (data.get("team") and roles.is_manager(theirs, cohort.id)):
        conditions.append(Visit.adviser_id == user.id)
    rows = _visits(cohort, conditions)
    latest = _latest(cohort, conditions)
    return {
        "cohort": cohort.name,
        "title": cohort.title,
        "name": user.display_name,
        "changed_at": as_json(max(latest or row.created_at, row.created_at)),
        "results": _joined(rows),
    }


def _no_such() -> tk.ObjectNotFound:
    return tk.ObjectNotFound(tk._("There is no such calendar, or no longer"))


def _own(
    context: Context, data_dict: dict[str, Any], deed: str
) -> tuple[Cohort, str | None]:
    data = validate(context, data_dict, schema.budget_show())
    cohort = roles.seen_cohort(context, data["cohort"])
    name = f"challenge_calendar_address_{deed}"
    tk.check_access(name, context, {"cohort": cohort.id})
    return cohort, user_id_of(context)


def _end(user_id: str, cohort_id: str) -> bool:
    ended = (
        model.Session.query(CalendarKey)
        .filter_by(user_id=user_id, cohort_id=cohort_id)
        .delete(synchronize_session="fetch")
    )
    model.Session.flush()
    return bool(ended)


def _dictize(row: CalendarKey | None) -> dict[str, Any]:
    if row is None:
        return {"url": None, "created_at": None}
    url = tk.h.url_for(
        "challenge_team_calendar.read", key=calendar_keys.text_of(row), qualified=True
    )
    return {"url": str(url), "created_at": as_json(row.created_at)}


def _visits(cohort: Cohort, conditions: list[Any]) -> Any:
    stays = sa.and_(
        Participant.state.in_(PARTICIPANT_COUNTED), model.Group.state == "active"
    )
    return model.Session.execute(
        sa.select(
            Visit,
            model.Group.name,
            model.Group.title,
            name_of(model.User).label("adviser"),
        )
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .outerjoin(model.User, model.User.id == Visit.adviser_id)
        .where(
            Participant.cohort_id == cohort.id,
            sa.or_(Visit.state == "done", sa.and_(Visit.state == "planned", stays)),
            *conditions,
        )
        .order_by(Visit.date.desc(), Visit.id)
        .limit(_MOST)
    ).all()


def _latest(cohort: Cohort, conditions: list[Any]) -> Any:
    """When any of the visits changed for the last time, shown or not: a cancellation
    is a change, too.
    """
    return model.Session.execute(
        sa.select(sa.func.max(Visit.updated_at))
        .join(Participant, Participant.id == Visit.participant_id)
        .where(Participant.cohort_id == cohort.id, *conditions)
    ).scalar()


def _joined(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """One entry for each visit, whomever it is for."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        visit = row.Visit
        key = visit.group_id or visit.id
        if key not in found:
            found[key] = {
                "key": key,
                "date": as_json(visit.date),
                "starts_at": as_json(visit.starts_at),
                "duration": visit.duration,
                "days": as_json(visit.days),
                "kind": visit.kind,
                "state": visit.state,
                "place": visit.place,
                "topic": visit.topic,
                "adviser": row.adviser,
                "organizations": [],
            }
        found[key]["organizations"].append(
            {"name": row.name, "title": row.title or row.name}
        )
    return list(found.values())

"""Visits: the days that advisers spend with a participant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    cohort_of,
    find_participant,
    find_visit,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import accompaniment as accompaniment_rules
from ckanext.challenge.domain import visits as rules
from ckanext.challenge.model import Participant, Visit
from ckanext.challenge.model.base import make_id
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import accompaniment, schema, visits

_PLAIN = ("duration", "place", "kind", "state", "topic", "notes")


def challenge_visit_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Note a visit to a participant, or to several at once, past or planned.

    The adviser of the participant, the managers of the season and sysadmins may call
    this. More days than the season grants are taken too: they were spent, and the
    answer says so.

    The days of a visit to several are shared among them, equally but for a hundredth:
    what an adviser spent is counted once.

    :param participant: the id of the participant
    :type participant: string
    :param participants: in its place, the ids of several of one season, who meet
        together
    :type participants: list of strings
    :param date: its day, no more than a year ahead; may be left out where
        ``starts_at`` says it
    :type date: string
    :param days: how much of the days it takes, a multiple of 0.5 up to 30; where it is
        left out it follows from ``duration``: half a day for every four hours begun
    :type days: number
    :param starts_at: when it begins: an hour of that day in the portal's time zone
        (``09:30``), or a moment in ISO 8601. Where the clock is put back and an hour
        comes twice, ``02:30`` is the first. An hour that the clock leaves out is
        refused
    :type starts_at: string
    :param duration: its length in minutes, up to 1440; it may end on the next day, and
        belongs to the day on which it begins
    :type duration: int
    :param place: where, or the link of a call; its members read it
    :type place: string
    :param kind: ``on_site``, ``remote`` or ``group`` (``on_site``, and ``group`` for
        several)
    :type kind: string
    :param state: ``planned``, ``done`` or ``cancelled``; when it is left out, planned
        on a day to come and else done
    :type state: string
    :param topic: what it is about; its members read it
    :type topic: string
    :param notes: for the staff alone
    :type notes: string
    :param adviser: the id or name of whoever comes, of the team of the season; the
        caller when left out
    :type adviser: string
    :returns: ``{id, participant_id, date, days, topic, notes, adviser_id, adviser,
        starts_at, duration, place, kind, state, group_id, shared_by, counted,
        created_at, updated_at, days_left, clashes, participants}``: ``counted`` is
        what this participant has of the ``days``, shared by so many; ``days_left`` is
        less than 0 where more was spent than granted, ``None`` where the season counts
        no days; ``clashes`` are visits of the same adviser at the same time, ``{id,
        date, starts_at, organization_title}``, without a title in other seasons;
        ``participants`` are ``{id, participant_id, counted}`` of all whom it is for
    :rtype: dict
    :raises ValidationError: on the field that is wrong; on ``participant`` once the
        season is in the archive, or the participant has left it
    """
    given = visits.with_day(data_dict)
    needed = ("date",) if given.get("duration") else ("date", "days")
    data = validate(context, given, schema.visit_create(needed))
    group = _participants(data)
    for participant in group:
        tk.check_access(
            "challenge_visit_create", context, {"participant": participant.id}
        )
        accompaniment.open_for_words(participant)
    first = group[0]
    data.setdefault("kind", "group" if len(group) > 1 else "on_site")
    data.setdefault("state", rules.state_on(data["date"], config.today()))
    if "days" not in data:
        data["days"] = rules.days_of(data["duration"])
    adviser_id = _adviser(first, data) or user_id_of(context)
    group_id = make_id() if len(group) > 1 else None
    starts_at = (
        visits.starts(data["starts_at"], data["date"]) if "starts_at" in data else None
    )
    _check(data["kind"], data["state"], data["date"], len(group))
    rows = [
        Visit(
            id=make_id(),
            participant_id=participant.id,
            group_id=group_id,
            adviser_id=adviser_id,
            date=data["date"],
            days=data["days"],
            starts_at=starts_at,
            **{"topic": "", **{name: data[name] for name in _PLAIN if name in data}},
        )
        for participant in group
    ]
    with all_or_nothing(context):
        model.Session.add_all(rows)
        _note(context, rows, "visit")
    return _answer(rows, rows[0])


def challenge_visit_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Change what was noted of a visit; what is left out stays as it is.

    The adviser of the participant, the managers of the season and sysadmins may call
    this; of a visit to several, who may change it for all of them. Whoever of the team
    it was given to may change its state, and nothing with it. It is changed for all;
    one that has left the season keeps what was done with it, and what was planned
    with it is cancelled.

    :param id: the id of the visit
    :type id: string
    :param participants: the ids of all whom it is for: who came, after all
    :type participants: list of strings
    :param date: as :py:func:`challenge_visit_create` takes it, and so the others. A
        visit that is moved keeps its hour, and is planned again where the new day has
        yet to come
    :type date: string
    :param days: how much of the days it takes
    :type days: number
    :param starts_at: an empty text takes the hour away, and so for the next ones
    :type starts_at: string
    :param duration: its length in minutes
    :type duration: int
    :param place: where, or the link of a call
    :type place: string
    :param topic: what it is about
    :type topic: string
    :param notes: for the staff alone
    :type notes: string
    :param kind: ``on_site``, ``remote`` or ``group``
    :type kind: string
    :param state: ``planned``, ``done`` or ``cancelled``
    :type state: string
    :param adviser: the id or name of whoever comes
    :type adviser: string
    :returns: the visit, as :py:func:`challenge_visit_create` answers it
    :rtype: dict
    :raises ValidationError: on the field that is wrong; on ``participant`` once the
        season is in the archive, or the participant has left it
    """
    given = visits.with_day(data_dict)
    needed = {"date", "days"} & given.keys()
    if given.get("duration"):
        needed -= {"days"}
    data = validate(context, given, schema.visit_update(needed))
    visit = find_visit(data["id"])
    tk.check_access("challenge_visit_update", context, {**given, "id": visit.id})
    rows = visits.rows_of(visit)
    for row in rows:
        tk.check_access("challenge_visit_update", context, {**given, "id": row.id})
    open_ = [row for row in rows if accompaniment.is_open(_whose(row))]
    accompaniment.open_for_words(_whose(open_[0] if open_ else visit))
    with all_or_nothing(context):
        rows = _for_whom(context, visit, rows, data)
        _change(rows, _changes(visit, given, data))
        _note(context, rows, "visit_update")
    return _answer(rows, visit if visit in rows else rows[0])


def challenge_visit_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Take a visit out of the list: its days are left again.

    The adviser of the participant, the managers of the season and sysadmins may call
    this. Of a visit to several this participant alone is taken out, and the others
    share its days.

    :param id: the id of the visit
    :type id: string
    :param everybody: take it out for all whom it is for (false)
    :type everybody: bool
    :raises ValidationError: on ``participant`` once the season is in the archive, or
        the participant has left it
    """
    data = validate(context, data_dict, schema.visit_delete())
    visit = find_visit(data["id"])
    tk.check_access("challenge_visit_delete", context, {"id": visit.id})
    rows = visits.rows_of(visit)
    gone = rows if data.get("everybody") else [visit]
    for row in rows:
        tk.check_access("challenge_visit_delete", context, {"id": row.id})
    for row in gone:
        accompaniment.open_for_words(_whose(row))
    with all_or_nothing(context):
        for row in gone:
            _record(context, row, "visit_delete")
            model.Session.delete(row)
        visits.share([row for row in rows if row not in gone])


@tk.side_effect_free
def challenge_visit_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the visits of a participant, or those of a season, the latest first.

    Those of a participant: members of its organization, its adviser, managers and
    sysadmins may call this. Those of a season: its staff; an adviser is answered
    the own ones and those of the own participants.

    :param participant: the id of the participant
    :type participant: string
    :param cohort: in its place, the id or name of the season
    :type cohort: string
    :param since: only those of this day and later
    :type since: string
    :param until: only those of this day and before
    :type until: string
    :param adviser: the id or name of a user of the team: only this person's
    :type adviser: string
    :param state: only those that are ``planned``, ``done`` or ``cancelled``
    :type state: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, days, results}``: ``days`` is what all of them count, without
        what is cancelled; each result is as :py:func:`challenge_visit_create` answers
        it, without ``days_left`` and ``participants``, with
        ``organization_name`` and ``organization_title`` and, for the staff alone,
        ``notes``; ``clashes`` is whether its adviser would have to be elsewhere at the
        same time, also for another season: of a season between two days only
    :rtype: dict
    :raises ValidationError: on ``participant`` when there is neither it nor
        ``cohort``, or both
    """
    data = validate(context, data_dict, schema.visit_list())
    if ("participant" in data) == ("cohort" in data):
        raise tk.ValidationError(
            {"participant": [tk._("Name a participant or a season")]}
        )
    if "participant" in data:
        participant = find_participant(data["participant"])
        tk.check_access(
            "challenge_visit_list", context, {"participant": participant.id}
        )
        staff = roles.is_adviser(context, participant)
        whose: list[Any] = [Visit.participant_id == participant.id]
    else:
        cohort = roles.seen_cohort(context, data["cohort"])
        tk.check_access("challenge_visit_list", context, {"cohort": cohort.id})
        staff = True
        whose = [Participant.cohort_id == cohort.id]
        if not roles.is_manager(context, cohort.id):
            me = user_id_of(context)
            whose.append(sa.or_(Participant.adviser_id == me, Visit.adviser_id == me))
    whose += _chosen(data)
    found = (
        sa.select(Visit, model.User, model.Group.name, model.Group.title)
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .outerjoin(model.User, model.User.id == Visit.adviser_id)
        .where(*whose)
    )
    rows = model.Session.execute(
        found.order_by(Visit.date.desc(), Visit.created_at.desc(), Visit.id)
        .limit(data["limit"])
        .offset(data["offset"])
    ).all()
    count, days = model.Session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(
                sa.func.sum(Visit.counted).filter(Visit.state != "cancelled"), 0
            ),
        )
        .select_from(Visit)
        .join(Participant, Participant.id == Visit.participant_id)
        .where(*whose)
    ).one()
    clashing: set[str] | None = None
    if "cohort" in data and "since" in data and "until" in data:
        clashing = _clashing(data, [visit.adviser_id for visit, *_ in rows])
    return {
        "count": count,
        "days": as_json(days),
        "results": [
            {
                **accompaniment.dictize_visit(visit, adviser, staff),
                **(
                    {}
                    if clashing is None
                    else {"clashes": visits.slot(visit).key in clashing}
                ),
                "organization_name": name,
                "organization_title": title or name,
            }
            for visit, adviser, name, title in rows
        ],
    }


def _chosen(data: dict[str, Any]) -> list[Any]:
    """The conditions of a list's filters."""
    found: list[Any] = []
    if "since" in data:
        found.append(Visit.date >= data["since"])
    if "until" in data:
        found.append(Visit.date <= data["until"])
    if "state" in data:
        found.append(Visit.state == data["state"])
    if "adviser" in data:
        user = model.User.get(data["adviser"])
        # Nobody's visits are not those of accounts that are gone.
        found.append(Visit.adviser_id == user.id if user else sa.false())
    return found


def _clashing(data: dict[str, Any], advisers: Iterable[str | None]) -> set[str]:
    """The visits for which somebody would have to be elsewhere, of all seasons."""
    day = dt.timedelta(days=1)
    found = model.Session.query(Visit).filter(
        Visit.adviser_id.in_(sorted({id_ for id_ in advisers if id_})),
        Visit.date.between(data["since"] - day, data["until"] + day),
        Visit.state != "cancelled",
    )
    return visits.clashing(found)


def _whose(visit: Visit) -> Participant:
    return find_participant(visit.participant_id)


def _participants(data: dict[str, Any]) -> list[Participant]:
    """Those whom a visit is for: one, or several of one season."""
    several = data.get("participants") or []
    if ("participant" in data) == bool(several):
        raise tk.ValidationError(
            {"participant": [tk._("Name a participant, or several")]}
        )
    named = several or [data["participant"]]
    return _of_one_season([find_participant(id_) for id_ in named])


def _of_one_season(found: list[Participant]) -> list[Participant]:
    if len({participant.cohort_id for participant in found}) > 1:
        raise tk.ValidationError(
            {"participants": [tk._("These do not take part in the same season")]}
        )
    return found


def _check(kind: str, state: str, day: dt.date, number: int) -> None:
    """What is right in itself, and not beside the rest."""
    errors = {}
    if kind != "group" and number > 1:
        errors["kind"] = [tk._("A visit to several is a group visit")]
    if state == "done" and day > config.today():
        errors["state"] = [tk._("This day has yet to come: the visit is planned")]
    if errors:
        raise tk.ValidationError(errors)


def _for_whom(
    context: Context, visit: Visit, rows: list[Visit], data: dict[str, Any]
) -> list[Visit]:
    """The rows of a visit for those whom it is for from now on."""
    if not data.get("participants"):
        return rows
    wanted = _of_one_season([find_participant(id_) for id_ in data["participants"]])
    _of_one_season([wanted[0], _whose(visit)])
    known = {row.participant_id: row for row in rows}
    kept = []
    for participant in wanted:
        row = known.pop(participant.id, None)
        if row is None:
            asked = {"participant": participant.id}
            tk.check_access("challenge_visit_create", context, asked)
            accompaniment.open_for_words(participant)
            row = _copy(visit, participant)
            model.Session.add(row)
        kept.append(row)
    for row in known.values():
        accompaniment.open_for_words(_whose(row))
        _record(context, row, "visit_delete")
        model.Session.delete(row)
    group_id = visit.group_id or make_id()
    for row in kept:
        row.group_id = group_id if len(kept) > 1 else None
    if len(kept) > 1:
        data.setdefault("kind", "group")
    return kept


_COPIED = ("date", "days", "starts_at", "adviser_id", *_PLAIN)


def _copy(visit: Visit, participant: Participant) -> Visit:
    return Visit(
        id=make_id(),
        participant_id=participant.id,
        **{name: getattr(visit, name) for name in _COPIED},
    )


def _changes(
    visit: Visit, given: dict[str, Any], data: dict[str, Any]
) -> dict[str, Any]:
    """The columns that change: what was given, and what follows from it."""
    emptied = {"topic": "", "duration": None, "place": None, "notes": None}
    changes = {name: data[name] for name in (*_PLAIN, "date", "days") if name in data}
    changes |= {
        name: value
        for name, value in emptied.items()
        if name in given and name not in data
    }
    if "days" in given and "days" not in data:
        changes["days"] = rules.days_of(data["duration"])
    day = data.get("date", visit.date)
    if "starts_at" in data:
        changes["starts_at"] = visits.starts(data["starts_at"], day)
    elif "starts_at" in given:
        changes["starts_at"] = None
    elif visit.starts_at is not None and day != visit.date:
        changes["starts_at"] = visits.moved(visit.starts_at, day)
    if "state" not in data and visit.state == "done" and day > config.today():
        changes["state"] = "planned"
    if adviser_id := _adviser(_whose(visit), data):
        changes["adviser_id"] = adviser_id
    return changes


def _change(rows: list[Visit], changes: dict[str, Any]) -> None:
    """Write the changes into all rows of a visit."""
    for row in rows:
        is_open = accompaniment.is_open(_whose(row))
        for name, value in changes.items():
            if name != "state" or is_open:
                setattr(row, name, value)
        if not is_open and row.state == "planned":
            row.state = "cancelled"
        if is_open:
            _check(row.kind, row.state, row.date, len(rows))


def _adviser(participant: Participant, data: dict[str, Any]) -> str | None:
    if "adviser" not in data:
        return None
    return accompaniment.on_team(participant.cohort_id, data["adviser"]).id


def _record(context: Context, visit: Visit, action: str) -> None:
    journal.record(
        actor_of(context),
        action,
        "participant",
        visit.participant_id,
        {
            "visit_id": visit.id,
            "date": visit.date.isoformat(),
            "days": as_json(visit.days),
        },
    )


def _note(context: Context, rows: list[Visit], action: str) -> None:
    """Share the days among those whom a visit is for, and tell the journal."""
    visits.share(rows)
    model.Session.flush()
    for row in rows:
        _record(context, row, action)


def _answer(rows: list[Visit], visit: Visit) -> dict[str, Any]:
    participant = _whose(visit)
    cohort = cohort_of(participant)
    used = sum(accompaniment.used(participant.id), Decimal(0))
    return {
        **accompaniment.dictize_visit(
            visit, model.User.get(visit.adviser_id or ""), staff=True
        ),
        "days_left": as_json(
            accompaniment_rules.days_left(cohort.days_per_participant, used)
        ),
        "clashes": visits.beside(visit, cohort.id),
        "participants": [
            {
                "id": row.id,
                "participant_id": row.participant_id,
                "counted": as_json(row.counted),
            }
            for row in rows
        ],
    }

"""Visits: the days that advisers spend with a participant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    cohort_of,
    find_participant,
    find_visit,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import accompaniment as rules
from ckanext.challenge.model import Participant, Visit
from ckanext.challenge.model.base import make_id
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import accompaniment, schema

_CHANGED = ("date", "days", "topic", "notes")


def challenge_visit_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Note a visit to a participant, past or planned.

    The adviser of the participant, the managers of the season and sysadmins may call
    this. More days than the season grants are taken too: they were spent, and the
    answer says so.

    :param participant: the id of the participant
    :type participant: string
    :param date: its day, no more than a year ahead
    :type date: string
    :param days: how much of the days it takes, a multiple of 0.5 up to 30
    :type days: number
    :param topic: what it is about; its members read it
    :type topic: string
    :param notes: for the staff alone
    :type notes: string
    :param adviser: the id or name of whoever comes, of the team of the season; the
        caller when left out
    :type adviser: string
    :returns: ``{id, participant_id, date, days, topic, notes, adviser_id, adviser,
        created_at, updated_at, days_left}``; ``days_left`` is less than 0 where more
        was spent than granted, ``None`` where the season counts no days
    :rtype: dict
    :raises ValidationError: on the field that is wrong; on ``participant`` once the
        season is in the archive, or the participant has left it
    """
    data = validate(context, data_dict, schema.visit_create())
    participant = find_participant(data["participant"])
    tk.check_access("challenge_visit_create", context, {"participant": participant.id})
    accompaniment.open_for_words(participant)
    visit = Visit(
        id=make_id(),
        participant_id=participant.id,
        adviser_id=_adviser(participant, data) or user_id_of(context),
        **{name: data.get(name) for name in _CHANGED},
    )
    model.Session.add(visit)
    return _keep(context, participant, visit, "visit")


def challenge_visit_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Change what was noted of a visit; what is left out stays as it is.

    The adviser of the participant, the managers of the season and sysadmins may call
    this.

    :param id: the id of the visit
    :type id: string
    :param date: as :py:func:`challenge_visit_create` takes it, and so the others
    :type date: string
    :param days:
    :type days: number
    :param topic:
    :type topic: string
    :param notes: an empty text takes them away
    :type notes: string
    :param adviser:
    :type adviser: string
    :returns: the visit, as :py:func:`challenge_visit_create` answers it
    :rtype: dict
    :raises ValidationError: on the field that is wrong; on ``participant`` once the
        season is in the archive, or the participant has left it
    """
    data = validate(context, data_dict, schema.visit_update(data_dict))
    visit = find_visit(data["id"])
    tk.check_access("challenge_visit_update", context, {"id": visit.id})
    participant = find_participant(visit.participant_id)
    accompaniment.open_for_words(participant)
    adviser_id = _adviser(participant, data)
    for name in _CHANGED:
        if name in data:
            setattr(visit, name, data[name])
    if "notes" in data_dict and "notes" not in data:
        visit.notes = None
    visit.adviser_id = adviser_id or visit.adviser_id
    return _keep(context, participant, visit, "visit_update")


def challenge_visit_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Take a visit out of the list: its days are left again.

    The adviser of the participant, the managers of the season and sysadmins may call
    this.

    :param id: the id of the visit
    :type id: string
    :raises ValidationError: on ``participant`` once the season is in the archive, or
        the participant has left it
    """
    data = validate(context, data_dict, fields.reference())
    visit = find_visit(data["id"])
    tk.check_access("challenge_visit_delete", context, {"id": visit.id})
    participant = find_participant(visit.participant_id)
    accompaniment.open_for_words(participant)
    with all_or_nothing(context):
        _record(context, participant, visit, "visit_delete")
        model.Session.delete(visit)


@tk.side_effect_free
def challenge_visit_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the visits of a participant, or those of a season, the latest first.

    Those of a participant: members of its organization, its adviser, managers and
    sysadmins may call this. Those of a season: its staff; an adviser is answered
    those of the own participants.

    :param participant: the id of the participant
    :type participant: string
    :param cohort: in its place, the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, days, results}``: ``days`` is the sum of all of them; each
        result is as :py:func:`challenge_visit_create` answers it, without
        ``days_left``, with ``organization_name`` and ``organization_title`` and, for
        the staff alone, ``notes``
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
            whose.append(Participant.adviser_id == user_id_of(context))
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
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Visit.days), 0))
        .select_from(Visit)
        .join(Participant, Participant.id == Visit.participant_id)
        .where(*whose)
    ).one()
    return {
        "count": count,
        "days": as_json(days),
        "results": [
            {
                **accompaniment.dictize_visit(visit, adviser, staff),
                "organization_name": name,
                "organization_title": title or name,
            }
            for visit, adviser, name, title in rows
        ],
    }


def _adviser(participant: Participant, data: dict[str, Any]) -> str | None:
    if "adviser" not in data:
        return None
    return accompaniment.on_team(participant.cohort_id, data["adviser"]).id


def _record(
    context: Context, participant: Participant, visit: Visit, action: str
) -> None:
    journal.record(
        actor_of(context),
        action,
        "participant",
        participant.id,
        {
            "visit_id": visit.id,
            "date": visit.date.isoformat(),
            "days": as_json(visit.days),
        },
    )


def _keep(
    context: Context, participant: Participant, visit: Visit, action: str
) -> dict[str, Any]:
    with all_or_nothing(context):
        model.Session.flush()
        _record(context, participant, visit, action)
    cohort = cohort_of(participant)
    used = sum(accompaniment.used(participant.id), Decimal(0))
    return {
        **accompaniment.dictize_visit(
            visit, model.User.get(visit.adviser_id or ""), staff=True
        ),
        "days_left": as_json(rules.days_left(cohort.days_per_participant, used)),
    }

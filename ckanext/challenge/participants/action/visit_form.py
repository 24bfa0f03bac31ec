"""What a form for a visit needs, and what a certificate of the time says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import names, roles
from ckanext.challenge.common.action_helpers import (
    cohort_of,
    find_participant,
    user_id_of,
    validate,
)
from ckanext.challenge.domain.lifecycle import COHORT_LIVE, PARTICIPANT_COUNTED
from ckanext.challenge.model import Cohort, Participant, Staff, Visit
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import accompaniment, schema

#: How many are offered beside the own ones.
_MOST = 300


@tk.side_effect_free
def challenge_visit_form_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show whom the caller may visit, in all seasons that go on, and what was planned.

    Whoever is on the team of a season that goes on may call this.

    :returns: ``{participants, planned}``. ``participants``, the own ones first, those
        visited last before the others: ``{id, cohort, cohort_title, organization_name,
        organization_title, own}``; managers may visit all of their seasons.
        ``planned`` are the caller's visits of today and before of which nobody has said
        whether they were held, the oldest first, as :py:func:`challenge_visit_list`
        answers them; one entry for a group visit
    :rtype: dict
    """
    tk.check_access("challenge_visit_form_show", context, data_dict)
    user_id = user_id_of(context)
    planned = _planned(user_id, roles.is_sysadmin(context))
    return {"participants": _participants(user_id), "planned": planned}


def _participants(user_id: str | None) -> list[dict[str, Any]]:
    own = sa.and_(Participant.adviser_id == user_id, Participant.adviser_id.isnot(None))
    last = (
        sa.select(sa.func.max(Visit.date))
        .where(Visit.participant_id == Participant.id, Visit.adviser_id == user_id)
        .scalar_subquery()
    )
    rows = model.Session.execute(
        sa.select(
            Participant.id,
            Cohort.name.label("cohort"),
            Cohort.title.label("cohort_title"),
            model.Group.name,
            model.Group.title,
            own.label("own"),
        )
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            Cohort.state.in_(COHORT_LIVE),
            Participant.state.in_(PARTICIPANT_COUNTED),
            model.Group.state == "active",
            sa.select(Staff.id)
            .where(
                Staff.cohort_id == Participant.cohort_id,
                Staff.user_id == user_id,
                sa.or_(Staff.role == "manager", own),
            )
            .exists(),
        )
        .order_by(
            own.desc(),
            last.desc().nulls_last(),
            *names.in_order(model.Group.title),
            Participant.id,
        )
        .limit(_MOST)
    )
    return [
        {
            "id": row.id,
            "cohort": row.cohort,
            "cohort_title": row.cohort_title,
            "organization_name": row.name,
            "organization_title": row.title or row.name,
            "own": row.own,
        }
        for row in rows
    ]


def _planned(user_id: str | None, sysadmin: bool) -> list[dict[str, Any]]:
    # Who has left the team may say nothing of them any more.
    on_team = sa.exists().where(
        Staff.cohort_id == Participant.cohort_id, Staff.user_id == user_id
    )
    rows = model.Session.execute(
        sa.select(Visit, model.Group.name, model.Group.title, Cohort.name)
        .join(Participant, Participant.id == Visit.participant_id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            Visit.adviser_id == user_id,
            sa.or_(sa.literal(sysadmin), on_team),
            Visit.state == "planned",
            Visit.date <= config.today(),
            Cohort.state != "archived",
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
        .order_by(Visit.date, Visit.starts_at.nulls_last(), Visit.id)
        .limit(_MOST)
    )
    found: dict[str, dict[str, Any]] = {}
    for visit, name, title, cohort in rows:
        entry = {
            **accompaniment.dictize_visit(visit, None, staff=True),
            "organization_name": name,
            "organization_title": title or name,
            "cohort": cohort,
        }
        found.setdefault(visit.group_id or visit.id, entry)
    return list(found.values())


@tk.side_effect_free
def challenge_time_certificate_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the time that was spent, as a certificate to be signed.

    Of a participant: members of its organization, its adviser, managers and sysadmins
    may call this. Of an adviser: that person, managers and sysadmins. Only what was
    done counts, also with those that have left since.

    :param cohort: the id or name of the season, where it is of an adviser
    :type cohort: string
    :param participant: the id of the participant
    :type participant: string
    :param adviser: in its place, the id or name of somebody of the team
    :type adviser: string
    :param since: from this day on
    :type since: string
    :param until: until this day
    :type until: string
    :returns: ``{cohort, title, date, since, until, organization_title, adviser,
        days, visits}``: ``organization_title`` or ``adviser`` is whose it is, ``days``
        the sum; each visit is ``{date, starts_at, duration, kind, place, topic, days,
        counted, shared_by, adviser, organization_title}``, the first one first
    :rtype: dict
    :raises ValidationError: on ``participant`` when neither it nor an adviser is named,
        or both; on ``until`` before ``since``; on ``adviser`` who is not on the team
    """
    data = validate(context, data_dict, schema.time_certificate_show())
    if ("participant" in data) == ("adviser" in data):
        text = tk._("Name a participant or an adviser")
        raise tk.ValidationError({"participant": [text]})
    if data.get("since") and data.get("until") and data["until"] < data["since"]:
        text = tk._("The last day is before the first")
        raise tk.ValidationError({"until": [text]})
    organization, person = None, None
    if "participant" in data:
        participant = find_participant(data["participant"])
        tk.check_access(
            "challenge_time_certificate_show", context, {"participant": participant.id}
        )
        cohort = cohort_of(participant)
        group = model.Session.get(model.Group, participant.organization_id)
        organization = group.title or group.name if group else None
        whose: list[Any] = [Visit.participant_id == participant.id]
    else:
        cohort = roles.seen_cohort(context, data.get("cohort"))
        user = model.User.get(data["adviser"])
        tk.check_access(
            "challenge_time_certificate_show",
            context,
            {"cohort": cohort.id, "adviser": user.id if user else data["adviser"]},
        )
        if user is None:
            user = accompaniment.on_team(cohort.id, data["adviser"])
        person = user.display_name
        whose = [Visit.adviser_id == user.id, Participant.cohort_id == cohort.id]
    rows = _done(whose, data)
    return {
        "cohort": cohort.name,
        "title": cohort.title,
        "date": config.today().isoformat(),
        "since": as_json(data.get("since")),
        "until": as_json(data.get("until")),
        "organization_title": organization,
        "adviser": person,
        "days": as_json(sum((row.Visit.counted for row in rows), Decimal(0))),
        "visits": [
            {
                name: as_json(getattr(row.Visit, name))
                for name in (
                    "date",
                    "starts_at",
                    "duration",
                    "kind",
                    "place",
                    "topic",
                    "days",
                    "counted",
                    "shared_by",
                )
            }
            | {
                "adviser": row.User.display_name if row.User else None,
                "organization_title": row.title or row.name,
            }
            for row in rows
        ],
    }


def _done(whose: list[Any], data: dict[str, Any]) -> Any:
    days = []
    if data.get("since"):
        days.append(Visit.date >= data["since"])
    if data.get("until"):
        days.append(Visit.date <= data["until"])
    return model.Session.execute(
        sa.select(Visit, model.User, model.Group.name, model.Group.title)
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .outerjoin(model.User, model.User.id == Visit.adviser_id)
        .where(Visit.state == "done", *whose, *days)
        .order_by(Visit.date, Visit.starts_at.nulls_first(), Visit.id)
    ).all()

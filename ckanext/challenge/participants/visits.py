"""What is written of a visit: its hour, who shares it, what it clashes with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.common import labels
from ckanext.challenge.domain import visits as rules
from ckanext.challenge.model import Participant, Visit
from ckanext.challenge.model.dictize import as_json

#: 9:30 as people write it: 09:30, 9h30, 9 h.
_HOUR = re.compile(r"([01]?\d|2[0-3])\s*(?:[:hH]\s*([0-5]\d)?|$)")


def _hour(text: str) -> dt.time | None:
    found = _HOUR.fullmatch(text)
    return dt.time(int(found[1]), int(found[2] or 0)) if found else None


def _moment(text: str) -> dt.datetime | None:
    # Python 3.10 knows no Z.
    try:
        return dt.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except ValueError:
        return None


def with_day(data_dict: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of a visit; a moment says the day too.

    :returns: a copy, with ``date`` where only ``starts_at`` had it
    """
    data = dict(data_dict)
    text = data.get("starts_at")
    if data.get("date") in (None, "") and isinstance(text, str):
        moment = None if _hour(text.strip()) else _moment(text.strip())
        if moment is not None:
            zone = config.display_timezone()
            local = moment.astimezone(zone) if moment.tzinfo else moment
            data["date"] = local.date().isoformat()
    return data


def starts(text: str, day: dt.date) -> dt.datetime:
    """The moment that somebody wrote: an hour of the day, or a whole moment.

    :raises ValidationError: on ``starts_at``: it is neither, or on another day, or an
        hour that the clock leaves out
    """
    zone = config.display_timezone()
    hour, moment = _hour(text), None
    if hour is None:
        moment = _moment(text)
        if moment is None:
            raise _wrong(
                tk._(
                    "“{value}” is not an hour; write it as in 09:30, or a whole "
                    "moment as in 2022-09-30T09:30+02:00"
                ).format(value=text[:40])
            )
        if moment.tzinfo is not None:
            if moment.astimezone(zone).date() != day:
                raise _wrong(tk._("This moment is not on the day of the visit"))
            return moment.astimezone(dt.timezone.utc)
        if moment.date() != day:
            raise _wrong(tk._("This moment is not on the day of the visit"))
        hour = moment.time()
    try:
        return rules.instant_of(day, hour, zone)
    except rules.NoSuchHour:
        raise _wrong(
            tk._("On {day} the clock is put forward: {hour} does not exist").format(
                day=labels.as_day(day), hour=f"{hour:%H:%M}"
            )
        ) from None


def moved(before: dt.datetime, day: dt.date) -> dt.datetime:
    """The same hour of another day."""
    local = before.astimezone(config.display_timezone())
    return starts(f"{local:%H:%M}", day)


def _wrong(text: str) -> tk.ValidationError:
    return tk.ValidationError({"starts_at": [text]})


def rows_of(visit: Visit) -> list[Visit]:
    """The rows of a visit, one for each collectivité, held until the commit."""
    if visit.group_id is None:
        return [visit]
    return (
        model.Session.query(Visit)
        .filter_by(group_id=visit.group_id)
        .order_by(Visit.id)
        .with_for_update()
        .all()
    )


def share(rows: Sequence[Visit]) -> None:
    """Share the days of one visit among those whom it is for."""
    taking = sorted(
        (row for row in rows if row.state != "cancelled"), key=lambda row: row.id
    )
    for row in rows:
        row.shared_by = max(1, len(taking))
        row.counted = row.days
    if len(taking) > 1:
        parts = rules.shares(taking[0].days, len(taking))
        for row, part in zip(taking, parts, strict=True):
            row.counted = part


def leave(participant_id: str) -> None:
    """Take a participant that is to be deleted out of its group visits: the others
    share the days among them.
    """
    shared = model.Session.query(Visit).filter(
        Visit.participant_id == participant_id, Visit.group_id.isnot(None)
    )
    for visit in shared.all():
        share([row for row in rows_of(visit) if row.id != visit.id])
        model.Session.delete(visit)


def slot(visit: Any) -> rules.Slot:
    """When a visit takes up its adviser."""
    return rules.Slot(
        visit.group_id or visit.id,
        visit.adviser_id or "",
        visit.date,
        visit.days,
        visit.starts_at,
        visit.duration,
    )


def beside(visit: Visit, cohort_id: str) -> list[dict[str, Any]]:
    """The visits for which its adviser would have to be elsewhere, of all seasons.

    :param cohort_id: the season whose collectivités the caller knows; of visits of
        others only the hour is told
    :returns: ``{id, date, starts_at, organization_title}``
    """
    if visit.adviser_id is None or visit.state == "cancelled":
        return []
    day = dt.timedelta(days=1)
    rows = model.Session.execute(
        sa.select(Visit, Participant.cohort_id, model.Group.title, model.Group.name)
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            Visit.adviser_id == visit.adviser_id,
            Visit.date.between(visit.date - day, visit.date + day),
            Visit.state != "cancelled",
        )
        .order_by(Visit.date, Visit.id)
    ).all()
    own = slot(visit)
    pairs = rules.clashes([own, *(slot(row.Visit) for row in rows)])
    keys = {one.key for pair in pairs if own in pair for one in pair} - {own.key}
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = slot(row.Visit).key
        if key in keys and key not in found:
            known = row.cohort_id == cohort_id
            found[key] = {
                "id": row.Visit.id,
                "date": row.Visit.date.isoformat(),
                "starts_at": as_json(row.Visit.starts_at),
                "organization_title": (row.title or row.name) if known else None,
            }
    return list(found.values())


def clashing(visits: Iterable[Any]) -> set[str]:
    """The keys of those that clash with another of these (see :func:`slot`)."""
    slots = [
        slot(visit)
        for visit in visits
        if visit.adviser_id and visit.state != "cancelled"
    ]
    return {one.key for pair in rules.clashes(slots) for one in pair}

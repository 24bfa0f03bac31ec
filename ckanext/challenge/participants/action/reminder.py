"""The reminders to come, which everybody sees, and their pauses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.common import journal, language, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_participant,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import reminders as rules
from ckanext.challenge.model import Participant, ReminderPause, locks
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import accompaniment, reminders, schema


@tk.side_effect_free
def challenge_reminder_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show when the members of a participant are reminded next, and of what.

    Members of its organization, its adviser, the managers of the season and sysadmins
    may call this.

    :param participant: the id of the participant
    :type participant: string
    :returns: ``{participant, organization_title, next, late, soon, reminded_at, paused,
        interval_days, quiet_days}``: ``next`` is the day from which a reminder comes if
        all stays as it is, or none; ``late`` and ``soon`` the titles of the steps that
        it names; ``paused`` ``{until, by, at, reason}`` or none, the reason and the
        name being for its adviser and managers
    :rtype: dict
    """
    data = validate(context, data_dict, schema.participant_reference())
    participant = find_participant(data["participant"])
    tk.check_access("challenge_reminder_show", context, {"participant": participant.id})
    now = reminders.situation(participant)
    staff = roles.is_adviser(context, participant)
    return _dictize(now, _names([now]), staff)


@tk.side_effect_free
def challenge_reminder_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the reminders to come in a season, the next first, then those that pause.

    The staff of the season and sysadmins may call this. Why a reminder is paused is
    answered to the participant's adviser and to managers.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each as :py:func:`challenge_reminder_show` answers,
        with ``organization_name``; who gets no reminder any more is left out
    :rtype: dict
    """
    data = validate(context, data_dict, schema.reminder_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_reminder_list", context, {"cohort": cohort.id})
    found = reminders.situations(cohort)
    names = _names(found)
    manages, reader = roles.is_manager(context, cohort.id), user_id_of(context)
    rows = [
        _dictize(one, names, manages or one.participant.adviser_id == reader)
        for one in found
    ]
    rows = [row for row in rows if row["next"] or row["paused"]]
    rows.sort(key=lambda row: row["next"] or "9999")
    page = rows[data["offset"] : data["offset"] + data["limit"]]
    return {"count": len(rows), "results": page}


def challenge_reminder_pause(context: Context, data_dict: dict[str, Any]) -> Any:
    """Send a participant no reminder for a while.

    Its adviser, the managers of the season and sysadmins may call this. A pause that
    there is already gets the new reason and day.

    :param participant: the id of the participant
    :type participant: string
    :param reason: why; the team alone reads it
    :type reason: string
    :param until: the last day without a reminder, ``YYYY-MM-DD``; without it, until
        somebody ends the pause
    :type until: string
    :returns: as :py:func:`challenge_reminder_show` answers
    :rtype: dict
    :raises ValidationError: on ``until`` for a day that is over; on ``participant``
        once the season is in the archive, or the participant has left it
    """
    data = validate(context, data_dict, schema.reminder_pause())
    participant = find_participant(data["participant"])
    tk.check_access(
        "challenge_reminder_pause", context, {"participant": participant.id}
    )
    accompaniment.open_for_words(participant)
    until: dt.date | None = data.get("until")
    if until is not None and until < config.today():
        raise tk.ValidationError({"until": [tk._("This day is over")]})
    with all_or_nothing(context):
        # Two who pause it at once: the later one is kept.
        locks.refresh_for_update(participant)
        pause = model.Session.get(ReminderPause, participant.id)
        if pause is None:
            pause = ReminderPause(participant_id=participant.id)
            model.Session.add(pause)
        pause.reason, pause.until = data["reason"], until
        pause.paused_by, pause.paused_at = user_id_of(context), utcnow()
        model.Session.flush()
        _record(context, "pause_reminders", participant, until=as_json(until))
    return _shown(participant)


def challenge_reminder_resume(context: Context, data_dict: dict[str, Any]) -> Any:
    """End the pause of a participant's reminders; once more changes nothing.

    Its adviser, the managers of the season and sysadmins may call this.

    :param participant: the id of the participant
    :type participant: string
    :returns: as :py:func:`challenge_reminder_show` answers
    :rtype: dict
    """
    data = validate(context, data_dict, schema.participant_reference())
    participant = find_participant(data["participant"])
    tk.check_access(
        "challenge_reminder_resume", context, {"participant": participant.id}
    )
    with all_or_nothing(context):
        locks.refresh_for_update(participant)
        pause = model.Session.get(ReminderPause, participant.id)
        if pause is not None:
            model.Session.delete(pause)
            model.Session.flush()
            _record(context, "resume_reminders", participant)
    return _shown(participant)


def _record(
    context: Context, action: str, participant: Participant, **data: Any
) -> None:
    """What was done, and not why: the journal is for ever."""
    journal.record(actor_of(context), action, "participant", participant.id, data)


def _shown(participant: Participant) -> dict[str, Any]:
    now = reminders.situation(participant)
    return _dictize(now, _names([now]), True)


def _names(found: list[reminders.Situation]) -> dict[str, str]:
    """The names of who paused reminders, by id."""
    ids = {one.pause.paused_by for one in found if one.pause and one.pause.paused_by}
    if not ids:
        return {}
    users = model.Session.query(model.User).filter(model.User.id.in_(ids))
    return {user.id: user.display_name for user in users}


def _dictize(
    now: reminders.Situation, names: dict[str, str], staff: bool
) -> dict[str, Any]:
    coming = now.following()
    return {
        "participant": now.participant.id,
        "organization_name": now.organization_name,
        "organization_title": now.name,
        "next": as_json(coming.on) if coming else None,
        **_steps(now, coming),
        "reminded_at": as_json(now.participant.reminded_at),
        "paused": _paused(now, names, staff),
        "interval_days": config.reminder_interval_days(),
        "quiet_days": config.reminder_quiet_days(),
    }


def _steps(
    now: reminders.Situation, coming: rules.Coming | None
) -> dict[str, list[str]]:
    if coming is None:
        return {"late": [], "soon": []}
    steps, spoken = programmes.of(now.cohort).steps_by_key, language.current()
    return {
        name: [steps[key].title.in_(spoken) for key in keys]
        for name, keys in coming.reminder._asdict().items()
    }


def _paused(
    now: reminders.Situation, names: dict[str, str], staff: bool
) -> dict[str, Any] | None:
    pause = now.pause
    if pause is None or not now.pace.paused:
        return None
    found = {"until": as_json(pause.until), "at": as_json(pause.paused_at)}
    if staff:
        found |= {"by": names.get(pause.paused_by or ""), "reason": pause.reason}
    return found

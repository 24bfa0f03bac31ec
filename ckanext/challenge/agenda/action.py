"""The agenda of those who run seasons."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import fields, journal
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import agenda
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns

from . import digest, messages, schema
from .week import Week, as_answer


@tk.side_effect_free
def challenge_agenda_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show what waits for somebody of the team, across seasons, and what moved.

    Whoever is on the team of a season may call this, and sysadmins, for whom all
    seasons count. Managers see all of their seasons; advisers the participants that
    they accompany. Of a season in the archive nothing waits. No period hides what
    waits: ``days`` is about what moved and what is planned.

    :param user: the id or name of another account, for sysadmins
    :type user: string
    :param mine: only what was entrusted to this person, or to nobody who is still on
        the team
    :type mine: bool
    :param kind: of what waits only this: ``message``, ``proof``, ``correction``,
        ``application``, ``kept_decision``, ``visit``, ``claim``,
        ``mail_failed`` or ``match``
    :type kind: string
    :param days: how many days back what moved goes, and ahead what is planned (7)
    :type days: int
    :param limit: how many of each kind, and of each other list, at most (100)
    :type limit: int
    :param offset: how many of each kind to pass over (0)
    :type offset: int
    :returns: ``{user, count, results, counts, mine, rows, stalled, without_reply,
        moved, planned, silent, seasons}``. ``results`` is what waits, the longest first
        in each kind: ``{kind, cohort, cohort_title, id, application_id,
        participant_id, organization_title, step, step_title, since, number, mine,
        url}``; ``number`` counts the mails of a season that failed, those of no season,
        which are the sysadmins', and the organizations without a SIREN, which are one
        result each. ``counts`` and ``mine`` say by kind how many there are, and how
        many are this person's, ``rows`` how many results there are of what is asked
        for. ``stalled`` is ``{count, results}``, each
        ``{kind, cohort, cohort_title, participant_id, organization,
        organization_title, since, late_steps, signed_in, reasons, mine, url}``,
        ``reasons`` being of ``never`` (nobody has signed in), ``silent`` and ``late``;
        ``without_reply`` the same with ``read`` in their place: who has not read, or
        not answered, what the team wrote 15 days ago. ``moved`` is ``{count,
        results}``, the latest first, each ``{kind (published, badge or withdrawn),
        cohort, cohort_title, organization, organization_title, title, at, url}``.
        ``planned`` are visits, deadlines and steps by their ``date``, each with its
        ``kind`` (``visit``, ``deadline`` or ``step``). ``silent`` is what should
        work every day and has not (``evaluate``, ``mail``,
        ``remind`` or ``worker``): ``{name, since}``.
        ``seasons`` are all of this person's: ``{id, name, title, season, state,
        capacity, manages, participants, percent}``
    :rtype: dict
    :raises ObjectNotFound: when there is no such account
    """
    data = validate(context, data_dict, schema.show())
    tk.check_access("challenge_agenda_show", context, data)
    user = model.User.get(data.get("user") or context.get("user"))
    if user is None:
        raise tk.ObjectNotFound(tk._("There is no such account"))
    week = Week(user)
    return {
        "user": user.name,
        **as_answer(week, data),
    }


@tk.side_effect_free
def challenge_agenda_count(context: Context, data_dict: dict[str, Any]) -> Any:
    """Count what waits for the caller: what was entrusted to the caller, or to nobody.

    Whoever is on the team of a season may call this, and sysadmins.

    :returns: ``{count}``, the sum of ``mine`` of :py:func:`challenge_agenda_show`
    :rtype: dict
    """
    tk.check_access("challenge_agenda_count", context, data_dict)
    user = model.User.get(context.get("user"))
    return {"count": Week(user).count() if user else 0}


def challenge_message_settle(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say that a message of an applicant, or of members, needs no answer.

    Whoever may answer it may call this: for an applicant's the managers of the season,
    for members' the adviser too; and sysadmins. It waits for nobody any more; again
    changes nothing. Nobody is told.

    :param id: the id of the message
    :type id: string
    :returns: ``{id, settled_at}``
    :rtype: dict
    :raises ObjectNotFound: when there is no such message
    :raises ValidationError: on ``id`` for what the team itself wrote
    """
    data = validate(context, data_dict, fields.reference())
    message = messages.find(data["id"])
    tk.check_access("challenge_message_settle", context, {"id": message.id})
    if message.side == "staff":
        raise tk.ValidationError(
            {"id": [tk._("The team wrote this message: nobody waits for an answer")]}
        )
    if message.settled_at is None:
        message.settled_at = utcnow()
        journal.record(
            actor_of(context),
            "settle",
            *messages.about(message),
            {"message_id": message.id},
        )
        commit(context)
    return columns(message, ("id", "settled_at"))


@tk.side_effect_free
def challenge_digest_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show on which day the caller gets the weekly mail.

    Whoever is on the team of a season may call this, and sysadmins. Only the former
    get one.

    :returns: ``{weekday}``: ``monday`` to ``sunday``, or ``none``
    :rtype: dict
    """
    tk.check_access("challenge_digest_show", context, data_dict)
    return _digest(user_id_of(context) or "")


def challenge_digest_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Choose on which day to get the weekly mail, or to get none.

    Whoever is on the team of a season may call this, and sysadmins.

    :param weekday: ``monday`` to ``sunday``, or ``none``
    :type weekday: string
    :returns: as :py:func:`challenge_digest_show`
    :rtype: dict
    """
    tk.check_access("challenge_digest_update", context, data_dict)
    data = validate(context, data_dict, schema.digest_update())
    user_id = user_id_of(context) or ""
    chosen = data["weekday"]
    weekday = None if chosen == schema.NONE else agenda.WEEKDAYS.index(chosen)
    digest.choose(user_id, weekday, config.today())
    commit(context)
    return _digest(user_id)


def challenge_digest_end(context: Context, data_dict: dict[str, Any]) -> Any:
    """End the weekly mail.

    Whoever has the key that was mailed with it may call this; again changes nothing.

    :param key: of the link in any of these mails
    :type key: string
    :returns: ``{done: true}``
    :rtype: dict
    :raises ValidationError: on ``key`` when it is wrong
    """
    data = validate(context, data_dict, schema.digest_end())
    tk.check_access("challenge_digest_end", context, data)
    user_id = digest.ended_by(data["key"])
    if user_id is None:
        raise tk.ValidationError({"key": [tk._("This link is not whole")]})
    # Of an account that is gone there is nothing to end.
    if model.User.get(user_id) is not None:
        digest.choose(user_id, None, config.today())
        commit(context)
    return {"done": True}


def _digest(user_id: str) -> dict[str, Any]:
    weekday = digest.weekday_of(user_id)
    return {"weekday": schema.NONE if weekday is None else agenda.WEEKDAYS[weekday]}

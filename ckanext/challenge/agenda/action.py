"""The agenda of those who run seasons."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.common.action_helpers import validate

from . import schema
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
        ``application``, ``kept_decision``, ``claim``, ``mail_failed`` or ``match``
    :type kind: string
    :param days: how many days back what moved goes, and ahead what is planned (7)
    :type days: int
    :param limit: how many of each kind, and of each other list, at most (100)
    :type limit: int
    :param offset: how many of each kind to pass over (0)
    :type offset: int
    :returns: ``{user, count, results, counts, mine, stalled, without_reply, moved,
        planned, seasons}``. ``results`` is what waits, the longest first in each kind:
        ``{kind, cohort, cohort_title, id, application_id, participant_id,
        organization_title, step, step_title, since, number, mine, url}``; ``number``
        counts the mails of a season that failed, and the organizations without a
        SIREN, which are one result. ``counts`` and ``mine`` say by kind how many there
        are, and how many are this person's. ``stalled`` is ``{count, results}``, each
        ``{kind, cohort, cohort_title, participant_id, organization,
        organization_title, since, late_steps, signed_in, reasons, mine, url}``,
        ``reasons`` being of ``never`` (nobody has signed in), ``silent`` and ``late``;
        ``without_reply`` the same with ``read`` in their place: who has not read, or
        not answered, what the team wrote 15 days ago. ``moved`` is ``{count,
        results}``, the latest first, each ``{kind (published, badge or withdrawn),
        cohort, cohort_title, organization, organization_title, title, at, url}``.
        ``planned`` are visits, deadlines and steps by their ``date``, each with its
        ``kind`` (``visit``, ``deadline`` or ``step``). ``seasons`` are all of this
        person's: ``{id, name, title, season, state, capacity, manages, participants,
        percent}``
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

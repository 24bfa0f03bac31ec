"""The waiting list of a season, as its managers see and order it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import decisions, onboarding, schema, waiting_list
from ckanext.challenge.applications.transitions import lock_with_cohort
from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_application,
    validate,
)
from ckanext.challenge.model import Application, Cohort
from ckanext.challenge.model.dictize import columns


@tk.side_effect_free
def challenge_waitlist_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List those who wait for a place in a season, the next one first.

    Managers of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results, capacity, taken, promised, free, automatic,
        next_in_line}``: ``promised`` are the places that kept acceptances will take,
        ``free`` what is left without them,
        each result is ``{rank, id, reference, siren, organization_title,
        pending}`` with the rank counted from 1 and the decision that is pending, if
        any; ``capacity`` and ``free`` are ``null`` for a season without a limit;
        ``next_in_line`` is the first one without a pending refusal, as long as a
        place is free
    :rtype: dict
    """
    data = validate(context, data_dict, schema.waitlist_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_waitlist_list", context, {"cohort": cohort.id})
    return _dictize(cohort, data["limit"], data["offset"])


def challenge_waitlist_move(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give an application another place on the waiting list.

    Managers of the season and sysadmins may call this.

    :param id: the id or reference of the application
    :type id: string
    :param rank: its new place, from 1; beyond the end means the end
    :type rank: int
    :returns: the head of the list, as :py:func:`challenge_waitlist_list` answers it
    :rtype: dict
    :raises ValidationError: on ``id`` for one that does not wait
    """
    data = validate(context, data_dict, schema.waitlist_move())
    application = find_application(data["id"])
    tk.check_access("challenge_waitlist_move", context, {"id": application.id})
    with all_or_nothing(context):
        cohort = lock_with_cohort(application)
        if application.state != "waitlisted":
            raise tk.ValidationError(
                {"id": [tk._("This application is not on the waiting list")]}
            )
        before, after = waiting_list.move(application, data["rank"])
        # All rows first: nobody waits for a row while others wait for the journal.
        model.Session.flush()
        if before != after:
            journal.record(
                actor_of(context),
                "move",
                "application",
                application.id,
                {"from": before, "to": after},
            )
    return _dictize(cohort)


def _dictize(
    cohort: Cohort, limit: int = fields.DEFAULT_LIMIT, offset: int = 0
) -> dict[str, Any]:
    waiting = waiting_list.query(cohort.id)
    places, promised = onboarding.places(cohort), decisions.promised(cohort.id)
    free = None if places.free is None else max(0, places.free - promised)
    head = waiting_list.head(cohort.id) if free != 0 else None
    return {
        "count": waiting.count(),
        "results": [_row(row) for row in waiting.offset(offset).limit(limit)],
        "capacity": places.capacity,
        "taken": places.taken,
        "promised": promised,
        "free": free,
        "automatic": cohort.automatic_promotion,
        "next_in_line": _row(head) if head else None,
    }


def _row(application: Application) -> dict[str, Any]:
    pending = application.pending_decision
    return {
        "rank": waiting_list.position(application),
        **columns(application, ("id", "reference", "siren", "organization_title")),
        "pending": pending["decision"] if pending else None,
    }

"""What a change of a season's state would do, before somebody makes it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.cohorts import schema, transitions
from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import (
    checked_transition,
    validate,
)
from ckanext.challenge.domain import deadlines, lifecycle, schedule
from ckanext.challenge.model import Application, Cohort, Participant
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json


@tk.side_effect_free
def challenge_cohort_transition_preview(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Tell what moving a season to another state would do; nothing is done.

    Its managers and sysadmins may call this.

    :param id: the id or name of the season
    :type id: string
    :param to: the state
    :type to: string
    :returns: ``{from, to, forward, early, applications, kept, participants,
        schedule}``: whether it is a step forward; whether the date of the new state
        is still to come (for ``running``, the end of the applications, too); how many
        applications there are by state, drafts included; how many decisions are kept;
        how many participants are active; and what was scheduled: ``{state, at,
        stays}``, the last telling whether it is still so afterwards
    :rtype: dict
    :raises ValidationError: on ``to``, naming both states, when that is not allowed
    """
    data = validate(context, data_dict, schema.transition())
    cohort = roles.seen_cohort(context, data["id"])
    tk.check_access("challenge_cohort_transition_preview", context, {"id": cohort.id})
    before, to = cohort.state, data["to"]
    files = _files(cohort)
    with checked_transition("to"):
        lifecycle.check_cohort(before, to, has_applications=bool(files))
    dates = {name: getattr(cohort, name) for name in deadlines.MILESTONES}
    zone = config.display_timezone()
    order = lifecycle.COHORT.states
    forward = order.index(to) > order.index(before)
    at = schedule.instant_of(to, dates, zone) if to in schedule.STATES else None
    stays = transitions.left_scheduled(cohort, before, to)
    to_come = {*schedule.still_to_come(before), *schedule.still_to_come(to)}
    return {
        "from": before,
        "to": to,
        "forward": forward,
        "early": forward and at is not None and at > utcnow(),
        "applications": files,
        "kept": model.Session.query(Application.id)
        .filter(
            Application.cohort_id == cohort.id,
            Application.pending_decision.isnot(None),  # type: ignore[union-attr]
        )
        .count(),
        "participants": model.Session.query(Participant.id)
        .filter_by(cohort_id=cohort.id, state="active")
        .count(),
        "schedule": [
            {
                "state": state,
                "at": as_json(schedule.instant_of(state, dates, zone)),
                "stays": state in stays,
            }
            for state in cohort.scheduled_transitions
            if state in to_come
        ],
    }


def _files(cohort: Cohort) -> dict[str, int]:
    """How many applications of the season are in each state that any is in."""
    counted = model.Session.execute(
        sa.select(Application.state, sa.func.count().label("number"))
        .where(Application.cohort_id == cohort.id)
        .group_by(Application.state)
    )
    return {row.state: row.number for row in counted}

"""The steps of all participants of a season at once, for the people who run it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.common import language, roles
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.lifecycle import COHORT_OVER
from ckanext.challenge.model import Extension, Participant, StepStatus
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import schema
from ckanext.challenge.participants.due import days_of


@tk.side_effect_free
def challenge_step_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show where participants of a season are with each step, in one statement.

    The staff of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param participants: ids of participants; else all of the season
    :type participants: list of strings
    :returns: ``steps`` (``{step, title, phase, due}``, in the order of the
        programme) and ``results``: by the id of the participant, by the key of the
        step, ``{state, late, due, extended}``: ``due`` is the day that holds for that
        participant, ``extended`` whether it is a later one than that of the season
    :rtype: dict
    """
    data = validate(context, data_dict, schema.step_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_step_list", context, {"cohort": cohort.id})
    programme = programmes.of(cohort)
    today = config.today()
    due = days_of(cohort)
    over = cohort.state in COHORT_OVER
    conditions = [Participant.cohort_id == cohort.id]
    if "participants" in data:
        conditions.append(Participant.id.in_(data["participants"]))
    rows = model.Session.execute(
        sa.select(
            StepStatus.participant_id, StepStatus.step, StepStatus.state, Extension.due
        )
        .join(Participant, Participant.id == StepStatus.participant_id)
        .outerjoin(
            Extension,
            sa.and_(
                Extension.participant_id == StepStatus.participant_id,
                Extension.step == StepStatus.step,
            ),
        )
        .where(*conditions)
    )
    results: dict[str, dict[str, Any]] = {}
    for row in rows:
        season_day = due.get(row.step)
        later = {row.step: row.due} if row.due else {}
        day = rules.extended({row.step: season_day}, later)[row.step]
        results.setdefault(row.participant_id, {})[row.step] = {
            "state": row.state,
            "late": not over and rules.is_late(row.state, day, today),
            "due": as_json(day),
            "extended": day != season_day,
        }
    spoken = language.current()
    return {
        "steps": [
            {
                "step": step.key,
                "title": step.title.in_(spoken),
                "phase": step.phase,
                "due": day.isoformat() if (day := due[step.key]) else None,
            }
            for step in programme.steps
        ],
        "results": results,
    }

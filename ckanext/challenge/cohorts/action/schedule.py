"""Seasons that open, start and finish by themselves on their dates."""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.cohorts import transitions
from ckanext.challenge.common import journal
from ckanext.challenge.common.action_helpers import commit, is_deferred
from ckanext.challenge.domain import deadlines, schedule
from ckanext.challenge.domain.lifecycle import COHORT_OVER
from ckanext.challenge.model import Cohort, locks
from ckanext.challenge.model.base import utcnow

log = logging.getLogger(__name__)


def challenge_cohort_publish_scheduled(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Move the seasons whose dates have come to the states that are scheduled.

    Only sysadmins may call this. It is meant to be called often, for instance every
    quarter of an hour: what was done is not done again, whoever calls it at the same
    time; what was missed is made up for. Each change is stored by itself.

    :returns: ``{count, results, failed}``: the changes (``{name, title, from, to}``)
        and the seasons that could not be moved (``{name, title, to}``; why is logged)
    :rtype: dict
    """
    tk.check_access("challenge_cohort_publish_scheduled", context, data_dict)
    waiting = model.Session.execute(
        sa.select(Cohort.id)
        .where(
            Cohort.state.not_in(COHORT_OVER),
            sa.func.jsonb_array_length(Cohort.scheduled_transitions) > 0,
        )
        .order_by(Cohort.season, Cohort.name)
    )
    results: list[dict[str, str]] = []
    failed: list[dict[str, str]] = []
    for (id_,) in waiting.all():
        _catch_up(context, id_, results, failed)
    return {"count": len(results), "results": results, "failed": failed}


def _catch_up(
    context: Context,
    id_: str,
    results: list[dict[str, str]],
    failed: list[dict[str, str]],
) -> None:
    """Make all changes of one season that are due, each in its own transaction."""
    cohort = model.Session.get(Cohort, id_)
    while cohort is not None and (to := _due(cohort)) is not None:
        told = {"name": cohort.name, "title": cohort.title}
        try:
            transitions.prepare(context, cohort, to)
            locks.refresh_for_update(cohort)
            # Somebody may have been faster while this one waited for the row.
            if _due(cohort) != to:
                if not is_deferred(context):
                    model.Session.rollback()
                continue
            before = cohort.state
            transitions.move(cohort, to, journal.SYSTEM, by_itself=True)
            commit(context)
        except Exception:
            if is_deferred(context):
                raise
            model.Session.rollback()
            log.exception("Season %s could not become %s", told["name"], to)
            failed.append({**told, "to": to})
            return
        results.append({**told, "from": before, "to": to})


def _due(cohort: Cohort) -> str | None:
    dates = {name: getattr(cohort, name) for name in deadlines.MILESTONES}
    return schedule.due_transition(
        cohort.state,
        cohort.scheduled_transitions,
        dates,
        utcnow(),
        config.display_timezone(),
    )

"""The report of a season: what to cite of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.cohorts import report as cohort_report
from ckanext.challenge.cohorts import schema
from ckanext.challenge.common import labels, language, roles
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.domain.programme import Programme
from ckanext.challenge.model import Cohort, Feedback, Participant, Visit
from ckanext.challenge.model.dictize import as_json, name_of


@tk.side_effect_free
def challenge_cohort_report(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the results of a season, to be cited.

    Anybody may call this; that of a draft is for its staff and sysadmins. Once the
    season has finished they are those of that day, whatever came after; before, those
    of today.

    :param id: the id or name of the season
    :type id: string
    :param limit: how many participants at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``cohort`` (its name), ``title``, ``season``, ``state``, ``date`` (of the
        results), ``final`` (whether it has finished), ``citation`` and ``url`` (to cite
        it by), ``programme`` (``{name, title, version}``), ``figures``, ``phases``
        (``{key, title, steps_done, steps_total, percent}``, over all participants),
        ``steps`` (``{step, title, phase, done, waived}``: how many have done it, and
        of how many it was not asked), ``badges`` (``{badge, title, level,
        count}``) and ``participants``: ``{count, results}``, each
        ``{organization_id, organization_name, organization_title, siren, kind,
        departement, population, steps_done, steps_total (that were asked),
        steps_waived, percent, completed, datasets, badges: [{badge, title, level}]}``.
        The staff of the season is also told
        ``staff``: ``{withdrawn, feedback, days, days_planned, participants:
        {organization id: {adviser, late_steps, days, days_planned, feedback,
        last_activity_at}}}``; ``days`` were spent, ``days_planned`` are planned
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    """
    data = validate(context, data_dict, schema.cohort_report())
    cohort = roles.seen_cohort(context, data["id"])
    tk.check_access("challenge_cohort_report", context, {"id": cohort.id})
    found = _results(cohort)
    settled = cohort_report.Settled.of(found)
    programme = programmes.of(cohort)
    spoken = language.current()
    listed = found["participants"]
    shown = listed[data["offset"] : data["offset"] + data["limit"]]
    url = tk.h.url_for(
        "challenge_report.read", cohort=cohort.name, qualified=True, locale="default"
    )
    report: dict[str, Any] = {
        "cohort": cohort.name,
        "title": cohort.title,
        "season": cohort.season,
        "state": cohort.state,
        "date": found["date"],
        "final": cohort.snapshot is not None,
        "url": url,
        "citation": labels.citation(cohort.title, found["date"], url),
        "programme": {
            "name": programme.name,
            "title": programme.title.in_(spoken),
            "version": programme.version,
        },
        "figures": found["figures"],
        "phases": _phases(programme, found),
        "steps": [
            {
                "step": step.key,
                "title": step.title.in_(spoken),
                "phase": step.phase,
                "done": settled.done.get(step.key, 0),
                "waived": settled.waived.get(step.key, 0),
            }
            for step in programme.steps
        ],
        "badges": [
            {**_badge(programme, badge.key), "count": found["badges"].get(badge.key, 0)}
            for badge in programme.badges
            if badge.scope == "cohort"
        ],
        "participants": {
            "count": len(listed),
            "results": [
                {
                    **row,
                    "steps_waived": max(0, len(programme.steps) - row["steps_total"]),
                    "badges": [_badge(programme, badge) for badge in row["badges"]],
                }
                for row in shown
            ],
        },
    }
    if roles.is_staff(context, cohort.id):
        report["staff"] = _for_staff(cohort, [row["organization_id"] for row in shown])
    return report


def _results(cohort: Cohort) -> dict[str, Any]:
    """Those of the day on which the season finished, else those of today."""
    snapshot = cohort.snapshot
    if snapshot is None:
        return cohort_report.results(cohort, config.today())
    if "participants" in snapshot:
        return snapshot
    # It finished before snapshots told of each participant: their rows are as they
    # were then.
    return {**cohort_report.results(cohort, config.today()), **snapshot}


def _phases(programme: Programme, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    spoken = language.current()
    settled = cohort_report.Settled.of(found)
    return [
        {
            "key": phase.key,
            "title": phase.title.in_(spoken),
            **settled.of_phase(
                programme.steps_of(phase.key), found["figures"]["participants"]
            ),
        }
        for phase in programme.phases
    ]


def _badge(programme: Programme, key: str) -> dict[str, Any]:
    badge = programme.badges_by_key.get(key)
    return {
        "badge": key,
        "title": badge.title.in_(language.current()) if badge else key,
        "level": badge.level if badge else None,
    }


def _for_staff(cohort: Cohort, organization_ids: list[str]) -> dict[str, Any]:
    """What those who ran the season also want to know, in one statement each."""
    spent, planned = (
        sa.select(sa.func.coalesce(sa.func.sum(Visit.counted), 0))
        .where(Visit.participant_id == Participant.id, Visit.state == state)
        .scalar_subquery()
        for state in ("done", "planned")
    )
    answered = (
        sa.select(Feedback.id).where(Feedback.participant_id == Participant.id).exists()
    )
    rows = model.Session.execute(
        sa.select(
            Participant.organization_id,
            Participant.late_steps,
            Participant.last_activity_at,
            name_of(model.User).label("adviser"),
            spent.label("days"),
            planned.label("days_planned"),
            answered.label("feedback"),
        )
        .outerjoin(model.User, model.User.id == Participant.adviser_id)
        .where(
            Participant.cohort_id == cohort.id,
            Participant.organization_id.in_(organization_ids),
        )
    )
    totals = model.Session.execute(
        sa.select(
            sa.func.count().filter(Participant.state == "withdrawn").label("withdrawn"),
            sa.func.count().filter(answered).label("feedback"),
            sa.func.coalesce(sa.func.sum(spent), 0).label("days"),
            sa.func.coalesce(sa.func.sum(planned), 0).label("days_planned"),
        ).where(Participant.cohort_id == cohort.id)
    ).one()
    return {
        "withdrawn": totals.withdrawn,
        "feedback": totals.feedback,
        "days": as_json(totals.days),
        "days_planned": as_json(totals.days_planned),
        "participants": {
            row.organization_id: {
                "adviser": row.adviser,
                "late_steps": row.late_steps,
                "days": as_json(row.days),
                "days_planned": as_json(row.days_planned),
                "feedback": row.feedback,
                "last_activity_at": as_json(row.last_activity_at),
            }
            for row in rows
        },
    }

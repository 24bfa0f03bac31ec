"""What is measured of a season for its account, in sets: a few statements, however many
take part. Persons are ids here, so that it can be kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.common import names
from ckanext.challenge.datasets import opened
from ckanext.challenge.domain import opinions
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED, STEP_SETTLED
from ckanext.challenge.measures.datasets import downloaded
from ckanext.challenge.model import (
    Cohort,
    Feedback,
    Participant,
    Preparation,
    StepStatus,
    Visit,
)
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.catalog import PUBLIC
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.model.figures import COUNTED
from ckanext.challenge.model.stalled import last_seen
from ckanext.challenge.participants.accompaniment import days_counted


def account(cohort: Cohort, day: dt.date) -> dict[str, Any]:
    """What the team and the funders are told of a season, besides its results.

    :param day: on which it is written
    :returns: ``{date, withdrawn, feedback, days, days_planned, participants:
        {organization id: {adviser_id, late_steps, days, days_planned, feedback,
        last_activity_at}}, left: [{organization_title, siren, days, days_planned}],
        advisers: [{id, days, days_planned}], remaining: [{step, open}],
        opinions: [{key, answers, counts, mean}], budget}``
    """
    rows = _participants(cohort)
    return {
        "date": day.isoformat(),
        "withdrawn": sum(row.state == "withdrawn" for row in rows),
        "feedback": sum(row.feedback for row in rows),
        "days": as_json(sum(row.days for row in rows)),
        "days_planned": as_json(sum(row.days_planned for row in rows)),
        "participants": {
            row.organization_id: {
                "adviser_id": row.adviser_id,
                "late_steps": row.late_steps,
                "days": as_json(row.days),
                "days_planned": as_json(row.days_planned),
                "feedback": row.feedback,
                "last_activity_at": as_json(row.last_activity_at),
            }
            for row in rows
        },
        "left": [
            {
                "organization_title": row.title or row.name,
                "siren": row.siren,
                "days": as_json(row.days),
                "days_planned": as_json(row.days_planned),
            }
            for row in rows
            if row.state == "withdrawn"
        ],
        "advisers": _advisers(cohort),
        "remaining": _remaining(cohort),
        "opinions": _opinions(cohort),
        "budget": _budget(cohort),
    }


def _participants(cohort: Cohort) -> Sequence[Any]:
    spent, planned = days_counted()
    visits = (
        sa.select(
            Visit.participant_id,
            spent.label("days"),
            planned.label("days_planned"),
        )
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(Participant.cohort_id == cohort.id)
        .group_by(Visit.participant_id)
        .subquery()
    )
    return model.Session.execute(
        sa.select(
            Participant.organization_id,
            Participant.state,
            Participant.siren,
            Participant.adviser_id,
            Participant.late_steps,
            Participant.last_activity_at,
            model.Group.name,
            model.Group.title,
            sa.func.coalesce(visits.c.days, 0).label("days"),
            sa.func.coalesce(visits.c.days_planned, 0).label("days_planned"),
            Feedback.id.isnot(None).label("feedback"),
        )
        .join(model.Group, model.Group.id == Participant.organization_id)
        .outerjoin(visits, visits.c.participant_id == Participant.id)
        .outerjoin(Feedback, Feedback.participant_id == Participant.id)
        .where(Participant.cohort_id == cohort.id)
        .order_by(*names.in_order(model.Group.title), Participant.id)
    ).all()


def _advisers(cohort: Cohort) -> list[dict[str, Any]]:
    """The days of each person who made visits; of accounts that are gone together."""
    spent, planned = days_counted()
    rows = model.Session.execute(
        sa.select(
            Visit.adviser_id,
            spent.label("days"),
            planned.label("days_planned"),
        )
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(Participant.cohort_id == cohort.id)
        .group_by(Visit.adviser_id)
        .order_by(spent.desc(), Visit.adviser_id)
    )
    return [
        {
            "id": row.adviser_id,
            "days": as_json(row.days),
            "days_planned": as_json(row.days_planned),
        }
        for row in rows
    ]


def _remaining(cohort: Cohort) -> list[dict[str, Any]]:
    """Of how many participants each step is still asked, those of most first."""
    settled = StepStatus.state.in_(STEP_SETTLED)
    rows = model.Session.execute(
        sa.select(StepStatus.step, sa.func.count().label("open"))
        .join(Participant, Participant.id == StepStatus.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(Participant.cohort_id == cohort.id, *COUNTED, ~settled)
        .group_by(StepStatus.step)
    )
    found = {row.step: row.open for row in rows}
    steps = [step.key for step in programmes.of(cohort).steps if found.get(step.key)]
    return [
        {"step": key, "open": found[key]}
        for key in sorted(steps, key=lambda key: -found[key])
    ]


def unread(cohort: Cohort) -> dict[str, Any]:
    """What was never read, as far as that is known of nobody in particular.

    Help stands on the page of a participant, which its people alone see. Who opened
    which help is noted nowhere; but where none of them was ever on the portal, nobody
    read any of it.

    :returns: ``{participants, steps, kits}``: of how many participants nobody ever
        came; of how many of these each step is still asked, by its key; the keys of
        the kits that no participant chose or began to prepare
    """
    of_season = (Participant.cohort_id == cohort.id, *COUNTED)
    never = model.Session.execute(
        sa.select(sa.func.count())
        .select_from(Participant)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(*of_season, last_seen().is_(None))
    ).scalar_one()
    steps = model.Session.execute(
        sa.select(StepStatus.step, sa.func.count().label("number"))
        .join(Participant, Participant.id == StepStatus.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            *of_season,
            ~StepStatus.state.in_(STEP_SETTLED),
            last_seen().is_(None),
        )
        .group_by(StepStatus.step)
    )
    chosen = model.Session.execute(
        sa.select(
            Participant.kits, sa.func.array_agg(Preparation.kit).label("prepared")
        )
        .join(model.Group, model.Group.id == Participant.organization_id)
        .outerjoin(
            Preparation, Preparation.organization_id == Participant.organization_id
        )
        .where(*of_season)
        .group_by(Participant.id)
    )
    used = {kit for row in chosen for kit in (*(row.kits or ()), *row.prepared)}
    return {
        "participants": never,
        "steps": {row.step: row.number for row in steps},
        "kits": [kit.key for kit in programmes.of(cohort).kits if kit.key not in used],
    }


def _opinions(cohort: Cohort) -> list[dict[str, Any]]:
    """The answers to the final form, counted; what was said in words is not kept."""
    asked = programmes.of(cohort).feedback
    sent = model.Session.execute(
        sa.select(Feedback.answers)
        .join(Participant, Participant.id == Feedback.participant_id)
        .where(Participant.cohort_id == cohort.id)
    )
    told = opinions.tally(asked, [row.answers for row in sent])
    return [
        {
            "key": one.question.key,
            "answers": one.answers,
            # A list, since what is kept as JSON has its names in any order.
            "counts": [*one.counts.items()],
            "mean": one.mean,
        }
        for one in told
        if one.counts or one.mean is not None
    ]


def _budget(cohort: Cohort) -> dict[str, Any]:
    """The money of the season by funder, as the board of days and money has it."""
    context: Context = {"ignore_auth": True, "user": ""}
    found = tk.get_action("challenge_budget_show")(context, {"cohort": cohort.id})
    return {"funders": found["funders"]}


def datasets(cohort: Cohort) -> list[dict[str, Any]]:
    """The datasets that count for the season, and how they are used.

    These are the ones that the measure ``datasets_since_launch`` counts: public,
    created since the launch, and in no earlier season of the same organization.

    :returns: ``{name, title, organization_title, siren, created, kit, formats,
        conforming, fresh, downloads}``, the newest first; ``downloads`` is none where
        CKAN does not count them
    """
    rows = opened.read(_counted_datasets(cohort))
    use = _downloads([row.id for row in rows])
    return [
        {
            "name": row.name,
            "title": row.title or row.name,
            "organization_title": row.organization_title,
            "siren": row.siren,
            "created": row.created.date().isoformat(),
            "kit": row.kit,
            "formats": sorted(row.formats or []),
            "conforming": row.conforming,
            "fresh": row.fresh,
            "downloads": use.get(row.id, 0) if use is not None else None,
        }
        for row in rows
    ]


def _counted_datasets(cohort: Cohort) -> list[str]:
    if cohort.launch is None:
        return []
    # A day begins in the portal's zone; CKAN writes times in UTC without saying so.
    begins = "((c.launch::timestamp) AT TIME ZONE :zone AT TIME ZONE 'UTC')"
    rows = model.Session.execute(
        sa.text(
            f"""
            SELECT p.id
            FROM challenge_cohort c
            JOIN challenge_participant t ON t.cohort_id = c.id
                 AND t.state = ANY (CAST(:counted AS text[]))
            JOIN "group" g ON g.id = t.organization_id AND g.state = 'active'
            JOIN package p ON p.owner_org = g.id AND {PUBLIC}
                 AND p.metadata_created >= {begins}
            WHERE c.id = :cohort AND NOT EXISTS (
                SELECT FROM challenge_participant earlier
                JOIN challenge_cohort e ON e.id = earlier.cohort_id
                WHERE earlier.organization_id = t.organization_id
                  AND earlier.state = ANY (CAST(:counted AS text[]))
                  AND e.state <> 'draft'
                  AND (e.launch, e.season, e.id) < (c.launch, c.season, c.id)
                  AND p.metadata_created >= {begins.replace("c.launch", "e.launch")}
                  AND (e.finished_at IS NULL
                       OR p.metadata_created <= e.finished_at AT TIME ZONE 'UTC')
            )
            ORDER BY p.metadata_created DESC, p.id
            """
        ),
        {
            "cohort": cohort.id,
            "counted": array(sorted(PARTICIPANT_COUNTED)),
            "zone": str(config.display_timezone()),
        },
    )
    return [row.id for row in rows]


def _downloads(ids: Sequence[str]) -> Mapping[str, int] | None:
    if not p.plugin_loaded("tracking"):
        return None
    rows = model.Session.execute(
        sa.text(
            f"""
            SELECT id, sum(downloads)::int AS downloads
            FROM ({downloaded("p.id = ANY (CAST(:ids AS text[]))")}) AS files
            GROUP BY id
            """
        ),
        {"ids": array(ids)},
    )
    return {row.id: row.downloads for row in rows}


def visits(cohort: Cohort, until: dt.date) -> list[dict[str, Any]]:
    """The visits of a season that were made, one by one, the first one first; without
    a word that somebody wrote of them.

    :returns: ``{id, date, organization_title, adviser_id, days}``
    """
    rows = model.Session.execute(
        sa.select(
            Visit.id,
            Visit.date,
            Visit.adviser_id,
            Visit.counted.label("days"),
            model.Group.name,
            model.Group.title,
        )
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            Participant.cohort_id == cohort.id,
            Visit.state == "done",
            Visit.date <= until,
        )
        .order_by(Visit.date, Visit.id)
    )
    return [
        {
            "id": row.id,
            "date": as_json(row.date),
            "organization_title": row.title or row.name,
            "adviser_id": row.adviser_id,
            "days": as_json(row.days),
        }
        for row in rows
    ]


def topics(cohort: Cohort) -> dict[str, str]:
    """What the visits of a season are said to be about, by their ids: as it is now,
    since what was written is erased with the participant.
    """
    rows = model.Session.execute(
        sa.select(Visit.id, Visit.topic)
        .join(Participant, Participant.id == Visit.participant_id)
        .where(Participant.cohort_id == cohort.id)
    )
    return {row.id: row.topic for row in rows}

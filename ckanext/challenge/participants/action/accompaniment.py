"""Accompaniment: what one participant reads of it, and who waits for the team."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.orm import aliased

from ckanext.challenge import config, programmes
from ckanext.challenge.common import language, roles
from ckanext.challenge.common.action_helpers import (
    cohort_of,
    find_participant,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import accompaniment as rules
from ckanext.challenge.domain.lifecycle import COHORT_OVER, PARTICIPANT_COUNTED
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.domain.stalled import REASONS
from ckanext.challenge.model import (
    Cohort,
    Evidence,
    Participant,
    ParticipantMessage,
    StepStatus,
    Visit,
    agenda,
)
from ckanext.challenge.model.dictize import as_json, columns, name_of
from ckanext.challenge.participants import accompaniment, filters, schema

_SHOWN = (
    "id",
    "organization_id",
    "adviser_id",
    "state",
    "steps_done",
    "steps_total",
    "percent",
    "late_steps",
    "joined_at",
    "last_activity_at",
)


@tk.side_effect_free
def challenge_accompaniment_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show how a participant is accompanied: what its page needs, in a few statements.

    Members of its organization, its adviser, the managers of the season and sysadmins
    may call this.

    :param participant: the id of the participant
    :type participant: string
    :param limit: how many messages and how many visits at most, the latest (100)
    :type limit: int
    :returns: ``{adviser, accompanies, messages, visits, days_total, days_spent,
        days_planned, days_left}``: ``adviser`` is the name of who accompanies it,
        ``days_spent`` and ``days_planned`` are those of visits that were held and that
        are planned, ``days_left`` are neither, ``accompanies``
        whether the caller may note visits; ``messages`` and ``visits`` are
        as :py:func:`challenge_participant_message_list` and
        :py:func:`challenge_visit_list` answer them; ``days_total`` and ``days_left``
        are ``None`` where the season counts no days
    :rtype: dict
    :raises ObjectNotFound: when there is no such participant
    """
    data = validate(context, data_dict, schema.accompaniment_show())
    participant = find_participant(data["participant"])
    tk.check_access(
        "challenge_accompaniment_show", context, {"participant": participant.id}
    )
    staff = roles.is_adviser(context, participant)
    messages = model.Session.execute(
        sa.select(ParticipantMessage, model.User, sa.func.count().over())
        .outerjoin(model.User, model.User.id == ParticipantMessage.author_id)
        .where(ParticipantMessage.participant_id == participant.id)
        .order_by(ParticipantMessage.created_at.desc(), ParticipantMessage.id)
        .limit(data["limit"])
    ).all()
    spent, planned = accompaniment.days_used()
    visits = model.Session.execute(
        sa.select(
            Visit, model.User, sa.func.count().over(), spent.over(), planned.over()
        )
        .outerjoin(model.User, model.User.id == Visit.adviser_id)
        .where(Visit.participant_id == participant.id)
        .order_by(Visit.date.desc(), Visit.created_at.desc(), Visit.id)
        .limit(data["limit"])
    ).all()
    # The visits know their days, unless none of them was asked for.
    used = (
        accompaniment.as_used(visits[0][3:])
        if visits
        else accompaniment.NONE_USED
        if data["limit"]
        else accompaniment.used(participant.id)
    )
    granted = cohort_of(participant).days_per_participant
    return {
        "adviser": accompaniment.adviser_name(participant),
        "accompanies": staff,
        "messages": {
            "count": messages[0][2] if messages else 0,
            "results": [
                accompaniment.dictize_message(message, author)
                for message, author, _ in messages
            ],
        },
        "visits": {
            "count": visits[0][2] if visits else 0,
            "results": [
                accompaniment.dictize_visit(visit, who, staff)
                for visit, who, *_ in visits
            ],
        },
        "days_total": as_json(granted),
        "days_spent": as_json(used.spent),
        "days_planned": as_json(used.planned),
        "days_left": as_json(rules.days_left(granted, used.spent + used.planned)),
    }


@tk.side_effect_free
def challenge_accompaniment_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the participants of a season as their team looks after them.

    The staff of the season and sysadmins may call this. What is private of a
    participant (messages, visits, what waits to be confirmed) is answered to its
    adviser and to managers alone: for other advisers ``followed`` is false, and the
    keys that are marked with a star are left out.

    :param cohort: the id or name of the season
    :type cohort: string
    :param adviser: the id or name of a user: only whom this person accompanies
    :type adviser: string
    :param unassigned: only whom nobody accompanies
    :type unassigned: bool
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results, waiting, figures}``.

        ``results``, those first to whom an answer is owed, then those who are late or
        of whom nothing was heard: ``{id, organization_id, organization_name,
        organization_title, adviser_id, adviser, state, steps_done, steps_total,
        percent, late_steps, joined_at, last_activity_at, stalled, reasons, followed,
        waiting*, message*, days_spent*, days_planned*, days_left*, last_visit*,
        next_visit*}``; ``waiting`` is
        how many steps wait to be confirmed, ``message`` the one that waits for an
        answer (``{id, side, author, text, created_at}``) or none.
        ``waiting``: the steps that wait to be confirmed, the oldest first:
        ``{participant, organization_name, organization_title, step, title, note,
        evidence_url, evidence_file, evidence_name, updated_at}``.
        ``reasons`` says why one is ``stalled``: ``never`` (nobody has signed in),
        ``silent`` (no sign of life for long) or ``late`` (with too many steps).
        ``figures``: ``{participants, waiting, unanswered, late, stalled, days_left}``
        of all that ``count`` counts.
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    :raises ValidationError: on ``adviser`` for somebody who is not on its team
    """
    data = validate(context, data_dict, schema.accompaniment_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_accompaniment_list", context, {"cohort": cohort.id})
    conditions: list[Any] = [
        Participant.cohort_id == cohort.id,
        Participant.state.in_(PARTICIPANT_COUNTED),
        model.Group.state == "active",
    ]
    if "adviser" in data:
        adviser = accompaniment.on_team(cohort.id, data["adviser"])
        conditions.append(Participant.adviser_id == adviser.id)
    if data.get("unassigned"):
        conditions.append(Participant.adviser_id.is_(None))
    manages = roles.is_manager(context, cohort.id)
    team = _Team(cohort, None if manages else user_id_of(context))
    rows = team.rows(conditions)
    waiting = team.waiting(conditions)
    to_confirm = Counter(step["participant"] for step in waiting)
    for row in rows:
        if row["followed"]:
            row["waiting"] = to_confirm[row["id"]]
    rows.sort(key=_by_need)
    return {
        "count": len(rows),
        "results": rows[data["offset"] : data["offset"] + data["limit"]],
        "waiting": waiting,
        "figures": {
            "participants": len(rows),
            "waiting": len(waiting),
            "unanswered": sum(bool(row.get("message")) for row in rows),
            "late": sum(row["late_steps"] > 0 for row in rows),
            "stalled": sum(row["stalled"] for row in rows),
            "days_left": _sum(row.get("days_left") for row in rows),
        },
    }


def _sum(values: Iterable[Any]) -> Any:
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def _by_need(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        not row.get("message"),
        not row.get("waiting"),
        not row["late_steps"],
        not row["stalled"],
        sort_key(row["organization_title"]),
        row["id"],
    )


class _Team:
    """What the team of a season sees of its participants.

    :param only: of the private part, only that of whom this user accompanies
    """

    def __init__(self, cohort: Cohort, only: str | None) -> None:
        self.cohort, self.only = cohort, only
        self.over = cohort.state in COHORT_OVER

    def _own(self) -> list[Any]:
        return [] if self.only is None else [Participant.adviser_id == self.only]

    def rows(self, conditions: list[Any]) -> list[dict[str, Any]]:
        """All participants, in one statement."""
        last = agenda.last_words(Participant.cohort_id == self.cohort.id, *self._own())
        visits = self._visits()
        reasons = filters.stalled_reasons()
        author = aliased(model.User)
        adviser = aliased(model.User)
        found = model.Session.execute(
            sa.select(
                *(getattr(Participant, name) for name in _SHOWN),
                model.Group.name.label("organization_name"),
                model.Group.title.label("organization_title"),
                name_of(adviser).label("adviser"),
                name_of(author).label("author"),
                last.c.id.label("message_id"),
                last.c.side,
                last.c.text,
                last.c.created_at,
                agenda.waits_for_answer(last).label("owed"),
                visits.c.spent,
                visits.c.planned,
                visits.c.last_visit,
                visits.c.next_visit,
                *(why.label(reason) for reason, why in reasons.items()),
            )
            .join(Cohort, Cohort.id == Participant.cohort_id)
            .join(model.Group, model.Group.id == Participant.organization_id)
            .outerjoin(adviser, adviser.id == Participant.adviser_id)
            .outerjoin(last, last.c.participant_id == Participant.id)
            .outerjoin(author, author.id == last.c.author_id)
            .outerjoin(visits, visits.c.participant_id == Participant.id)
            .where(*conditions),
            agenda.zone(),
        )
        return [self._row(row) for row in found]

    def _visits(self) -> Any:
        day = config.today()
        spent, planned = accompaniment.days_used()
        held, booked = Visit.state == "done", Visit.state == "planned"
        return (
            sa.select(
                Visit.participant_id,
                spent.label("spent"),
                planned.label("planned"),
                sa.func.max(Visit.date).filter(held).label("last_visit"),
                sa.func.min(Visit.date)
                .filter(booked, Visit.date >= day)
                .label("next_visit"),
            )
            .join(Participant, Participant.id == Visit.participant_id)
            .where(Participant.cohort_id == self.cohort.id, *self._own())
            .group_by(Visit.participant_id)
            .subquery()
        )

    def _row(self, row: Any) -> dict[str, Any]:
        shown = {
            **columns(row, _SHOWN),
            "organization_name": row.organization_name,
            "organization_title": row.organization_title or row.organization_name,
            "adviser": row.adviser,
            "late_steps": row.late_steps,
            "stalled": any(getattr(row, reason) for reason in REASONS),
            "reasons": [reason for reason in REASONS if getattr(row, reason)],
            "followed": self.only is None or row.adviser_id == self.only,
        }
        if not shown["followed"]:
            return shown
        spent = row.spent or Decimal(0)
        planned = row.planned or Decimal(0)
        left = rules.days_left(self.cohort.days_per_participant, spent + planned)
        return {
            **shown,
            "message": {
                "id": row.message_id,
                "side": row.side,
                "author": row.author,
                "text": row.text,
                "created_at": as_json(row.created_at),
            }
            if row.owed
            else None,
            "days_spent": as_json(spent),
            "days_planned": as_json(planned),
            "days_left": as_json(left),
            "last_visit": as_json(row.last_visit),
            "next_visit": as_json(row.next_visit),
        }

    def waiting(self, conditions: list[Any]) -> list[dict[str, Any]]:
        """The steps that wait to be confirmed, in one statement."""
        if self.over:
            return []
        rows = model.Session.execute(
            sa.select(
                StepStatus.participant_id,
                StepStatus.step,
                StepStatus.note,
                StepStatus.evidence_url,
                StepStatus.evidence_file,
                StepStatus.updated_at,
                Evidence.name.label("evidence_name"),
                model.Group.name,
                model.Group.title,
            )
            .join(Participant, Participant.id == StepStatus.participant_id)
            .join(model.Group, model.Group.id == Participant.organization_id)
            .outerjoin(Evidence, Evidence.id == StepStatus.evidence_file)
            .where(StepStatus.state == "to_confirm", *conditions, *self._own())
            .order_by(StepStatus.updated_at, StepStatus.participant_id, StepStatus.step)
        ).all()
        steps = programmes.of(self.cohort).steps_by_key if rows else {}
        spoken = language.current()
        return [
            {
                "participant": row.participant_id,
                "organization_name": row.name,
                "organization_title": row.title or row.name,
                "title": steps[row.step].title.in_(spoken),
                **columns(
                    row,
                    (
                        "step",
                        "note",
                        "evidence_url",
                        "evidence_file",
                        "evidence_name",
                        "updated_at",
                    ),
                ),
            }
            for row in rows
            # A newer programme may ask it no more.
            if row.step in steps
        ]

"""The participants of a season with all that their team looks at, in a few statements.

How many there are, and how many steps, does not change how many statements are sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import names, roles
from ckanext.challenge.common.action_helpers import user_id_of
from ckanext.challenge.domain import accompaniment as rules
from ckanext.challenge.domain.lifecycle import AWARD_HELD, PARTICIPANT_COUNTED
from ckanext.challenge.domain.programme import Programme
from ckanext.challenge.model import (
    Award,
    Cohort,
    Participant,
    Staff,
    StepStatus,
    Visit,
)
from ckanext.challenge.model.dictize import as_json, columns, name_of

from . import accompaniment, filters, lateness

#: What a board can be sorted by, with the direction that is meant unasked.
SORTS: Mapping[str, str] = {
    "name": "asc",
    "progress": "desc",
    "late": "desc",
    # Those of whom nothing was heard for the longest time come first.
    "activity": "asc",
}

_SHOWN = (
    "id",
    "organization_id",
    "siren",
    "kind",
    "departement",
    "population",
    "state",
    "adviser_id",
    "joined_at",
    "current_phase",
    "steps_done",
    "steps_total",
    "percent",
    "late_steps",
    "last_activity_at",
)

_TODO = "todo"


class Board:
    """The chosen participants of a season, as somebody of its team sees them.

    :ivar chosen: a select of their ids
    :ivar only: of the visits, only those of whom this user accompanies; those of all
        where it is ``None``
    """

    def __init__(
        self,
        context: Context,
        cohort: Cohort,
        programme: Programme,
        asked: Mapping[str, Any],
    ) -> None:
        self.cohort, self.programme = cohort, programme
        self.chosen = filters.chosen(context, cohort, asked)
        self.only = (
            None if roles.is_manager(context, cohort.id) else user_id_of(context)
        )
        self.overdue = lateness.overdue(cohort)
        self.stalled = filters.stalled(cohort)

    def _is_chosen(self) -> Any:
        return Participant.id.in_(self.chosen)

    def _own(self) -> list[Any]:
        return [] if self.only is None else [Participant.adviser_id == self.only]

    def statement(self) -> Any:
        """All that is shown of a participant, but for its steps; not in any order."""
        adviser = model.User
        visits = self._visits().subquery()
        badges = self._badges().subquery()
        return (
            sa.select(
                *(getattr(Participant, name) for name in _SHOWN),
                self.stalled.label("stalled"),
                model.Group.name.label("organization_name"),
                model.Group.title.label("organization_title"),
                name_of(adviser).label("adviser"),
                sa.func.coalesce(badges.c.badges, 0).label("badges"),
                visits.c.spent,
                visits.c.planned,
                visits.c.last_visit,
                visits.c.next_visit,
            )
            .join(model.Group, model.Group.id == Participant.organization_id)
            .outerjoin(adviser, adviser.id == Participant.adviser_id)
            .outerjoin(badges, badges.c.organization_id == Participant.organization_id)
            .outerjoin(visits, visits.c.participant_id == Participant.id)
            .where(self._is_chosen())
        )

    def _visits(self) -> Any:
        spent, planned = accompaniment.days_used()
        return (
            sa.select(
                Visit.participant_id,
                spent.label("spent"),
                planned.label("planned"),
                sa.func.max(Visit.date).filter(filters.held()).label("last_visit"),
                sa.func.min(Visit.date).filter(filters.to_come()).label("next_visit"),
            )
            .join(Participant, Participant.id == Visit.participant_id)
            .where(Participant.cohort_id == self.cohort.id, *self._own())
            .group_by(Visit.participant_id)
        )

    def _badges(self) -> Any:
        return (
            sa.select(Award.organization_id, sa.func.count().label("badges"))
            .where(
                Award.cohort_id == self.cohort.id,
                Award.state.in_(sorted(AWARD_HELD)),
            )
            .group_by(Award.organization_id)
        )

    def rows(
        self, sort: str, down: bool, limit: int | None, offset: int = 0
    ) -> Sequence[Any]:
        """A page of them, in one statement."""
        by_name = names.in_order(model.Group.title)
        last = sa.func.coalesce(Participant.last_activity_at, Participant.joined_at)
        keys: dict[str, list[Any]] = {
            "name": by_name,
            "progress": [Participant.percent],
            "late": [Participant.late_steps],
            "activity": [last],
        }
        ordered = [key.desc() if down else key.asc() for key in keys[sort]]
        rest = [] if sort == "name" else by_name
        query = self.statement().order_by(*ordered, *rest, Participant.id)
        return model.Session.execute(query.limit(limit).offset(offset)).all()

    def dictize(self, row: Any) -> dict[str, Any]:
        """A participant as the API answers it, but for its steps."""
        shown = {
            **columns(row, _SHOWN),
            "organization_name": row.organization_name,
            "organization_title": row.organization_title or row.organization_name,
            "adviser": row.adviser,
            "stalled": row.stalled,
            "badges": row.badges,
            "followed": self.only is None or row.adviser_id == self.only,
        }
        if not shown["followed"]:
            return shown
        spent, planned = row.spent or Decimal(0), row.planned or Decimal(0)
        left = rules.days_left(self.cohort.days_per_participant, spent + planned)
        return {
            **shown,
            "days_spent": as_json(spent),
            "days_planned": as_json(planned),
            "days_left": as_json(left),
            "last_visit": as_json(row.last_visit),
            "next_visit": as_json(row.next_visit),
        }

    def cells(self, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Where these are with each step, in the order of the programme, in one
        statement.
        """
        found: dict[tuple[str, str], Any] = {}
        if ids:
            rows = model.Session.execute(
                sa.select(
                    StepStatus.participant_id,
                    StepStatus.step,
                    StepStatus.state,
                    lateness.of_status(self.cohort).label("late"),
                ).where(StepStatus.participant_id.in_(ids))
            )
            found = {(row.participant_id, row.step): row for row in rows}
        return {
            id_: [
                self._cell(step.key, found.get((id_, step.key)))
                for step in self.programme.steps
            ]
            for id_ in ids
        }

    def _cell(self, key: str, row: Any) -> dict[str, Any]:
        if row is None:
            # A newer programme asks for it: nobody has begun.
            return {"step": key, "state": _TODO, "late": key in self.overdue}
        return {"step": key, "state": row.state, "late": row.late}

    def totals(self) -> dict[str, Any]:
        """The figures of all the chosen ones, in two statements."""
        row = model.Session.execute(
            sa.select(
                sa.func.count().label("participants"),
                sa.func.count().filter(lateness.with_any(self.cohort)).label("late"),
                sa.func.count().filter(self.stalled).label("stalled"),
                sa.func.count()
                .filter(Participant.adviser_id.is_(None))
                .label("unassigned"),
                sa.func.sum(Participant.steps_done).label("done"),
                sa.func.sum(Participant.steps_total).label("asked"),
            ).where(self._is_chosen())
        ).one()
        counts = model.Session.execute(
            sa.select(
                StepStatus.step,
                StepStatus.state,
                sa.func.count(),
                sa.func.count().filter(lateness.of_status(self.cohort)),
            )
            .join(Participant, Participant.id == StepStatus.participant_id)
            .where(self._is_chosen())
            .group_by(StepStatus.step, StepStatus.state)
        ).all()
        steps: dict[str, dict[str, int]] = {
            step.key: {"done": 0, "waived": 0, "to_confirm": 0, "late": 0}
            for step in self.programme.steps
        }
        known = dict.fromkeys(steps, 0)
        for step, state, number, late in counts:
            if step not in steps:
                continue
            known[step] += number
            steps[step]["late"] += late
            if state in steps[step]:
                steps[step][state] += number
        for step in self.overdue:
            # Those that have no row of a step that a newer programme asks for.
            steps[step]["late"] += row.participants - known[step]
        return {
            "participants": row.participants,
            "late": row.late,
            "stalled": row.stalled,
            "unassigned": row.unassigned,
            "to_confirm": sum(step["to_confirm"] for step in steps.values()),
            "percent": row.done * 100 // row.asked if row.asked else 0,
            "steps": steps,
        }


def offered(cohort: Cohort) -> dict[str, list[Any]]:
    """What there is to choose from, whatever is chosen: ``departement`` and ``kind``
    that occur, and ``advisers``, the people of the team, in two statements.
    """
    rows = model.Session.execute(
        sa.select(Participant.departement, Participant.kind)
        .where(
            Participant.cohort_id == cohort.id,
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
        .distinct()
    ).all()
    people = model.Session.execute(
        sa.select(model.User.id, name_of(model.User).label("name"))
        .where(
            model.User.id.in_(
                sa.select(Staff.user_id).where(Staff.cohort_id == cohort.id)
            )
        )
        .order_by(*names.in_order(name_of(model.User)))
    ).all()
    return {
        "departement": sorted({row.departement for row in rows if row.departement}),
        "kind": sorted({row.kind for row in rows if row.kind}),
        "advisers": [{"id": row.id, "name": row.name} for row in people],
    }

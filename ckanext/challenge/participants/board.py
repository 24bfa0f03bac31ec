"""The participants of a season with all that their team looks at, in a few statements.

How many there are, and how many steps, does not change how many statements are sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import names, roles
from ckanext.challenge.common.action_helpers import user_id_of
from ckanext.challenge.domain import accompaniment as rules
from ckanext.challenge.domain.lifecycle import (
    AWARD_HELD,
    PARTICIPANT_COUNTED,
    STEP_DELIVERED,
)
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
_BY_NAME = names.in_order(model.Group.title)


_cohort_id = sa.bindparam("cohort")
_reader_id = sa.bindparam("reader")


def _visits(own: bool) -> Any:
    spent, planned = accompaniment.days_used()
    found = (
        sa.select(
            Visit.participant_id,
            spent.label("spent"),
            planned.label("planned"),
            sa.func.max(Visit.date).filter(filters.held()).label("last_visit"),
            sa.func.min(Visit.date).filter(filters.to_come()).label("next_visit"),
        )
        .join(Participant, Participant.id == Visit.participant_id)
        .where(Participant.cohort_id == _cohort_id)
        .group_by(Visit.participant_id)
    )
    return found.where(Participant.adviser_id == _reader_id) if own else found


def _badges() -> Any:
    return (
        sa.select(Award.organization_id, sa.func.count().label("badges"))
        .where(Award.cohort_id == _cohort_id, Award.state.in_(sorted(AWARD_HELD)))
        .group_by(Award.organization_id)
    )


@cache
def _listed(own: bool) -> Any:
    """All that is shown of a participant, but for its steps; not in any order.

    It is put together once for a process, as that takes as long as to read a page of
    it. Its parameters are ``cohort`` and, with ``own``, ``reader``.

    :param own: of the visits, only those of whom this reader accompanies
    """
    adviser = model.User
    visits = _visits(own).subquery()
    badges = _badges().subquery()
    return (
        sa.select(
            *(getattr(Participant, name) for name in _SHOWN),
            filters.stalled().label("stalled"),
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
    )


def _figures(cohort: Cohort) -> dict[str, Any]:
    """What is counted of all participants that a statement chooses, by its name."""
    number = sa.func.count()
    return {
        "participants": number,
        "late": number.filter(lateness.with_any(cohort)),
        "stalled": number.filter(filters.stalled()),
        "unassigned": number.filter(Participant.adviser_id.is_(None)),
        "done": sa.func.sum(Participant.steps_done),
        "asked": sa.func.sum(Participant.steps_total),
    }


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
        self.figures = _figures(cohort)

    def _is_chosen(self) -> Any:
        return Participant.id.in_(self.chosen)

    def rows(
        self, sort: str, down: bool, limit: int | None, offset: int = 0
    ) -> Sequence[Any]:
        """A page of them, in one statement."""
        last = sa.func.coalesce(Participant.last_activity_at, Participant.joined_at)
        keys: dict[str, list[Any]] = {
            "name": _BY_NAME,
            "progress": [Participant.percent],
            "late": [Participant.late_steps],
            "activity": [last],
        }
        ordered = [key.desc() if down else key.asc() for key in keys[sort]]
        rest = [] if sort == "name" else _BY_NAME
        figures = (
            figure.over().label(f"all_{name}") for name, figure in self.figures.items()
        )
        query = (
            _listed(own=self.only is not None)
            .add_columns(*figures)
            .where(self._is_chosen())
            .order_by(*ordered, *rest, Participant.id)
            .limit(limit)
            .offset(offset)
        )
        parameters = {"cohort": self.cohort.id, "reader": self.only}
        return model.Session.execute(query, parameters).all()

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

    def steps(
        self, ids: Sequence[str]
    ) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Counter[str]]]:
        """Where some are with each step, and how many of all the chosen ones, in one
        statement.

        :returns: by id, ``{step, state, late}`` in the order of the programme; and by
            the key of a step how many are in each state, and ``late``
        """
        found = model.Session.execute(
            sa.select(
                StepStatus.step,
                StepStatus.state,
                lateness.of_status(self.cohort).label("late"),
                sa.func.count().label("number"),
                sa.func.array_agg(StepStatus.participant_id)
                .filter(StepStatus.participant_id.in_(ids))
                .label("ids"),
            )
            .where(StepStatus.participant_id.in_(self.chosen))
            .group_by(StepStatus.step, StepStatus.state, "late")
        )
        # A step that a newer programme asks for has no row: nobody has begun.
        cells: dict[str, dict[str, dict[str, Any]]] = {}
        for step in self.programme.steps:
            unbegun = {
                "step": step.key,
                "state": _TODO,
                "late": step.key in self.overdue,
            }
            cells[step.key] = dict.fromkeys(ids, unbegun)
        totals: dict[str, Counter[str]] = {step: Counter() for step in cells}
        for row in found:
            if row.step not in cells:
                continue
            totals[row.step][row.state] += row.number
            if row.late:
                totals[row.step]["late"] += row.number
            cell = {"step": row.step, "state": row.state, "late": row.late}
            cells[row.step].update(dict.fromkeys(row.ids or (), cell))
        return {id_: [row[id_] for row in cells.values()] for id_ in ids}, totals

    def totals(self, rows: Sequence[Any], steps: Mapping[str, Counter[str]]) -> Any:
        """The figures of all the chosen ones.

        :param rows: of :meth:`rows`; a page past the end has none, and asks once more
        :param steps: of :meth:`steps`
        """
        if rows:
            figures = {name: getattr(rows[0], f"all_{name}") for name in self.figures}
        else:
            figures = (
                model.Session.execute(
                    sa.select(
                        *(one.label(name) for name, one in self.figures.items())
                    ).where(self._is_chosen())
                )
                .one()
                ._asdict()
            )
        number, done, asked = (
            figures[name] or 0 for name in ("participants", "done", "asked")
        )
        counted = {}
        for step, states in steps.items():
            known = sum(states.values()) - states["late"]
            counted[step] = {
                **{state: states[state] for state in sorted(STEP_DELIVERED)},
                # Those that have no row of it are late once its day is past.
                "late": states["late"]
                + (number - known if step in self.overdue else 0),
            }
        return {
            "participants": number,
            **{name: figures[name] for name in ("late", "stalled", "unassigned")},
            "to_confirm": sum(step["to_confirm"] for step in counted.values()),
            "percent": done * 100 // asked if asked else 0,
            "steps": counted,
        }


def _offered() -> Any:
    counted = (
        Participant.cohort_id == _cohort_id,
        Participant.state.in_(sorted(PARTICIPANT_COUNTED)),
    )
    there = sa.select(
        *(
            sa.func.array(
                sa.select(column)
                .where(*counted, column.is_not(None))
                .distinct()
                .order_by(column)
                .scalar_subquery()
            ).label(name)
            for name, column in (
                ("departement", Participant.departement),
                ("kind", Participant.kind),
            )
        )
    ).subquery()
    people = (
        sa.select(model.User.id, name_of(model.User).label("name"))
        .where(
            model.User.id.in_(
                sa.select(Staff.user_id).where(Staff.cohort_id == _cohort_id)
            )
        )
        .subquery()
    )
    return (
        sa.select(there, people.c.id, people.c.name)
        .select_from(there.outerjoin(people, sa.true()))
        .order_by(*names.in_order(people.c.name))
    )


# Each board asks: it is put together once for a process.
_OFFERED = _offered()


def offered(cohort: Cohort) -> dict[str, list[Any]]:
    """What there is to choose from, whatever is chosen: ``departement`` and ``kind``
    that occur, and ``advisers``, the people of the team, in one statement.
    """
    rows = model.Session.execute(_OFFERED, {"cohort": cohort.id}).all()
    return {
        "departement": rows[0].departement,
        "kind": rows[0].kind,
        "advisers": [{"id": row.id, "name": row.name} for row in rows if row.id],
    }

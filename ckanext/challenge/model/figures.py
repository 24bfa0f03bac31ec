"""What the stored progress of the participants of a cohort adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED, STEP_SETTLED

from .application import Application
from .cohort import Cohort
from .participant import Participant, StepStatus

#: How many datasets a participant has opened since the launch, as last measured.
DATASETS: Any = Participant.measures["datasets_since_launch"].astext.cast(sa.Float)

#: Who counts in a season, to join :data:`ckan.model.Group`: whoever is listed, and
#: nobody else. An organization that was deleted counts again once it is back.
COUNTED: tuple[Any, ...] = (
    Participant.state.in_(PARTICIPANT_COUNTED),
    model.Group.state == "active",
)


def counted(cohort_id: Any) -> Any:
    """Who counts in a season, as a query of the ids of organizations.

    :param cohort_id: of the season, or an expression
    """
    return (
        sa.select(Participant.organization_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(Participant.cohort_id == cohort_id, *COUNTED)
    )


# Statements that pages send at each reading are put together once for a process: that
# takes longer than to send them.


@cache
def _by_cohort() -> Any:
    return (
        sa.select(
            Participant.cohort_id,
            sa.func.count().label("participants"),
            sa.func.count().filter(DATASETS > 0).label("published"),
            sa.func.coalesce(sa.func.sum(DATASETS), 0).label("datasets"),
            sa.func.sum(Participant.steps_done).label("steps_done"),
            sa.func.sum(Participant.steps_total).label("steps_total"),
            sa.func.count().filter(Participant.state == "completed").label("completed"),
            sa.func.array_agg(Participant.departement.distinct()).label("departements"),
        )
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            Participant.cohort_id.in_(sa.bindparam("cohorts", expanding=True)), *COUNTED
        )
        .group_by(Participant.cohort_id)
    )


def by_cohort(cohort_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The figures of cohorts, in one statement.

    :returns: by the cohort's id: ``participants``, ``published`` (participants with
        a dataset since the launch), ``datasets`` (since the launch), ``steps_done``,
        ``steps_total``, ``percent`` (0-100), ``completed`` (participants) and
        ``departements`` (theirs, sorted)
    """
    rows = model.Session.execute(_by_cohort(), {"cohorts": list(cohort_ids)})
    found = {row.cohort_id: row for row in rows}
    return {id_: _figures(found.get(id_)) for id_ in cohort_ids}


def _figures(row: Any) -> dict[str, Any]:
    names = (
        "participants",
        "published",
        "datasets",
        "steps_done",
        "steps_total",
        "completed",
    )
    figures: dict[str, Any] = {
        name: int(getattr(row, name)) if row else 0 for name in names
    }
    total = figures["steps_total"]
    nothing = 100 if figures["participants"] else 0
    figures["percent"] = 100 * figures["steps_done"] // total if total else nothing
    departements = row.departements if row else []
    figures["departements"] = sorted(code for code in departements if code)
    return figures


@cache
def _settled_by_step() -> Any:
    return (
        sa.select(StepStatus.state, StepStatus.step, sa.func.count())
        .join(Participant, Participant.id == StepStatus.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            Participant.cohort_id == sa.bindparam("cohort"),
            *COUNTED,
            StepStatus.state.in_(STEP_SETTLED),
        )
        .group_by(StepStatus.state, StepStatus.step)
    )


def settled_by_step(cohort_id: str) -> dict[str, dict[str, int]]:
    """How many participants of a cohort are through with each step, and how.

    :returns: by ``done`` and ``waived``, then by the key of the step
    """
    rows = model.Session.execute(_settled_by_step(), {"cohort": cohort_id})
    found: dict[str, dict[str, int]] = {state: {} for state in sorted(STEP_SETTLED)}
    for state, step, number in rows:
        found[state][step] = number
    return found


def is_untouched(cohort: Cohort) -> bool:
    """Whether a season is a draft to which nobody applied and in which nobody takes
    part: nothing is lost with it."""
    if cohort.state != "draft":
        return False
    used = (
        model.Session.query(kind.id).filter(kind.cohort_id == cohort.id).exists()
        for kind in (Application, Participant)
    )
    return not model.Session.query(sa.or_(*used)).scalar()

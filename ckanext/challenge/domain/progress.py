"""Where a participant is: steps, phases, badges, and what to do next."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from ckanext.challenge.domain import criteria, deadlines
from ckanext.challenge.domain.criteria import Finding, Verdict
from ckanext.challenge.domain.lifecycle import CATALOG_STEP, STEP_SETTLED
from ckanext.challenge.domain.measurement import Measurement
from ckanext.challenge.domain.programme import Badge, CatalogCheck, Programme, Step

Days = Mapping[str, "datetime.date | None"]


class StepVerdict(NamedTuple):
    """Where a participant is with one step.

    :ivar step: the step
    :ivar state: its state now
    :ivar value: what was measured, for a step of the catalogue: of its first
        criterion that is not met, or of its first if all are
    :ivar target: what that is compared with
    :ivar why_not: what is missing; nothing for people's steps and settled ones
    """

    step: Step
    state: str
    value: float | None = None
    target: float | None = None
    why_not: tuple[Finding, ...] = ()


class BadgeVerdict(NamedTuple):
    """Whether a badge's criteria hold, and how near they are."""

    badge: Badge
    verdict: Verdict


class Summary(NamedTuple):
    """The figures of a participant's checklist.

    :ivar steps_done: steps done or waived
    :ivar percent: of all steps, rounded down: 100 only when all are settled
    :ivar current_phase: the first phase that still asks something; the last one
        when none does
    :ivar late_steps: steps past their day that still wait for the collectivité
    """

    steps_done: int
    steps_total: int
    percent: int
    current_phase: str
    late_steps: int


class Evaluation(NamedTuple):
    """Everything :func:`evaluate` finds out about one participant."""

    steps: tuple[StepVerdict, ...]
    summary: Summary

    @property
    def states(self) -> dict[str, str]:
        """The state of each step, by its key."""
        return {verdict.step.key: verdict.state for verdict in self.steps}


class PhaseFigures(NamedTuple):
    """How much of one phase is settled."""

    key: str
    steps_done: int
    steps_total: int


def due_days(programme: Programme, milestones: Days) -> dict[str, datetime.date | None]:
    """Return the day on which each step is due in a cohort.

    :param milestones: the cohort's dates by the names of
        :data:`ckanext.challenge.domain.deadlines.MILESTONES`
    """
    return {
        step.key: deadlines.due_date(step.due, milestones) for step in programme.steps
    }


def judge_step(
    step: Step, measurements: Mapping[str, Measurement], state: str
) -> StepVerdict:
    """Judge one step.

    A step of the catalogue is done when its criteria hold and to do when they do not,
    unless a manager waived it; one of people keeps the state they gave it.
    """
    if not isinstance(step.check, CatalogCheck):
        return StepVerdict(step, state)
    verdict = criteria.judge(step.check.criteria, measurements, {})
    shown = (verdict.missing or verdict.found)[0]
    if state == "waived":
        return StepVerdict(step, state, shown.value, shown.target)
    target_state = "done" if verdict.met else "todo"
    if state != target_state and state in CATALOG_STEP.states:
        CATALOG_STEP.check(state, target_state)
    return StepVerdict(step, target_state, shown.value, shown.target, verdict.missing)


def summarise(
    programme: Programme,
    states: Mapping[str, str],
    due: Days,
    today: datetime.date,
) -> Summary:
    """Count what is settled and what is late.

    :param states: the state of each step by its key; one that is not there is to do
    :param due: see :func:`due_days`
    :param today: in the portal's time zone
    """
    done = late = 0
    current = optional = None
    for step in programme.steps:
        state = states.get(step.key, "todo")
        if state in STEP_SETTLED:
            done += 1
            continue
        if is_late(state, due.get(step.key), today):
            late += 1
        if step.required:
            current = _earlier(programme, current, step.phase)
        else:
            optional = _earlier(programme, optional, step.phase)
    total = len(programme.steps)
    return Summary(
        steps_done=done,
        steps_total=total,
        percent=done * 100 // total,
        current_phase=current or optional or programme.phases[-1].key,
        late_steps=late,
    )


def is_late(state: str, due: datetime.date | None, today: datetime.date) -> bool:
    """Say whether a step is late.

    One that waits for an adviser is not: the collectivité has done its part.
    """
    return (
        state not in STEP_SETTLED
        and state != "to_confirm"
        and deadlines.is_late(due, today)
    )


def _earlier(programme: Programme, current: str | None, phase: str) -> str:
    if current is None:
        return phase
    order = programme.phase_order
    return min(current, phase, key=order.__getitem__)


def evaluate(
    programme: Programme,
    measurements: Mapping[str, Measurement],
    states: Mapping[str, str],
    due: Days,
    today: datetime.date,
) -> Evaluation:
    """Judge all steps of one participant.

    :param measurements: by name of the measure
    :param states: the stored state of each step by its key; steps that are not
        there are to do
    :param due: see :func:`due_days`
    :param today: in the portal's time zone
    """
    steps = tuple(
        judge_step(step, measurements, states.get(step.key, "todo"))
        for step in programme.steps
    )
    now = {verdict.step.key: verdict.state for verdict in steps}
    return Evaluation(steps, summarise(programme, now, due, today))


def judge_badges(
    programme: Programme,
    measurements: Mapping[str, Measurement],
    states: Mapping[str, str],
) -> tuple[BadgeVerdict, ...]:
    """Judge all badges of a programme, in the order of its file.

    :param states: the state of each step, as just judged
    """
    return tuple(
        BadgeVerdict(
            badge,
            criteria.judge(badge.criteria, measurements, states, programme.required),
        )
        for badge in programme.badges
    )


def phase_figures(
    programme: Programme, states: Mapping[str, str]
) -> tuple[PhaseFigures, ...]:
    """Return how much of each phase is settled, in the order of the file."""
    return tuple(
        PhaseFigures(
            phase.key,
            sum(states.get(step.key) in STEP_SETTLED for step in steps),
            len(steps),
        )
        for phase in programme.phases
        for steps in (programme.steps_of(phase.key),)
    )


def next_step(
    programme: Programme, states: Mapping[str, str], due: Days
) -> Step | None:
    """Return the next best thing to do, if anything is left.

    The step due first comes first (so what is late leads), required ones before
    others; among steps of the same day the one that brings most badges nearer, then
    the one that takes least time, then the order of the file. Steps that wait for an
    adviser are left out: nothing can be done about them.
    """
    open_steps = [
        step
        for step in programme.steps
        if states.get(step.key, "todo") not in STEP_SETTLED
        and states.get(step.key) != "to_confirm"
    ]
    if not open_steps:
        return None
    return min(
        open_steps,
        key=lambda step: (
            due.get(step.key) or datetime.date.max,
            not step.required,
            -programme.gains[step.key],
            step.effort_minutes,
        ),
    )


def percent(verdict: Verdict) -> int:
    """Return the progress of a verdict in percent; 100 only when it is met."""
    return int(verdict.progress * 100)

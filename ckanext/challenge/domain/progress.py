"""Where a participant is: steps, phases, badges, and what to do next."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from . import criteria, deadlines
from .criteria import Finding, Verdict
from .lifecycle import CATALOG_STEP, STEP_DELIVERED, STEP_SETTLED
from .measurement import Measurement
from .programme import Badge, CatalogCheck, Programme, Step

Days = Mapping[str, "datetime.date | None"]

#: How many days a badge that comes nearer is worth, when what to do next is weighed.
A_BADGE = 3
# A step without a date comes after those of a season.
_NO_DATE = 365

#: What speaks for the next step: its day is past, or comes first, it brings most
#: badges nearer, it takes little time, or it is the last one.
WhyNext = Literal["late", "due", "gain", "effort", "last"]


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

    :ivar steps_done: steps done; one that was waived is not
    :ivar steps_total: the steps that are asked, which one that was waived is not
    :ivar percent: of these, rounded down: 100 only when all are done
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


class NextStep(NamedTuple):
    """What to do next, and why that.

    :ivar badges: keys of the badges that it brings nearer
    """

    step: Step
    why: WhyNext
    badges: tuple[str, ...]


class PhaseFigures(NamedTuple):
    """How much of one phase is done, of what is asked."""

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


def extended(
    due: Days, later: Mapping[str, datetime.date]
) -> dict[str, datetime.date | None]:
    """Return the day that holds for each step of a participant.

    That of the season holds again where it has moved beyond the later one, and what
    has no day in the season has none.

    :param due: the days of the season, see :func:`due_days`
    :param later: the later days that the participant was given, by the key of the step
    """
    return {
        key: day if day is None else max(day, later.get(key, day))
        for key, day in due.items()
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
    """Count what is done, what is asked and what is late.

    :param states: the state of each step by its key; one that is not there is to do
    :param due: see :func:`due_days`
    :param today: in the portal's time zone
    """
    done = waived = late = 0
    current = optional = None
    for step in programme.steps:
        state = states.get(step.key, "todo")
        if state in STEP_SETTLED:
            done += state == "done"
            waived += state == "waived"
            continue
        if is_late(state, due.get(step.key), today):
            late += 1
        if step.required:
            current = _earlier(programme, current, step.phase)
        else:
            optional = _earlier(programme, optional, step.phase)
    total = len(programme.steps) - waived
    return Summary(
        steps_done=done,
        steps_total=total,
        percent=done * 100 // total if total else 100,
        current_phase=current or optional or programme.phases[-1].key,
        late_steps=late,
    )


def is_late(state: str, due: datetime.date | None, today: datetime.date) -> bool:
    """Say whether a step is late."""
    return state not in STEP_DELIVERED and deadlines.is_late(due, today)


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
    """Return how much of each phase is done, in the order of the file."""
    return tuple(
        PhaseFigures(
            phase.key,
            sum(states.get(step.key) == "done" for step in steps),
            sum(states.get(step.key) != "waived" for step in steps),
        )
        for phase in programme.phases
        for steps in (programme.steps_of(phase.key),)
    )


def waiting_for_data(
    programme: Programme,
    measured: Mapping[str, float],
    about_datasets: Collection[str],
) -> frozenset[str]:
    """Return the keys of the steps that say how datasets are while there is none.

    :param measured: the values of the measures by their names
    :param about_datasets: the names of the measures that say how the datasets are, and
        nothing while there is none
    """
    if measured.get("datasets_public", 1):
        return frozenset()
    return frozenset(
        step.key
        for step in programme.steps
        if step.measures and step.measures.issubset(about_datasets)
    )


def next_step(
    programme: Programme,
    states: Mapping[str, str],
    due: Days,
    today: datetime.date,
    *,
    planned: Days = MappingProxyType({}),
    held: Collection[str] = (),
    waiting: Collection[str] = (),
) -> NextStep | None:
    """Return the next best thing to do, if anything is left.

    What is late leads, required steps come before others. Then each step is weighed:
    the days that are left, less :data:`A_BADGE` for each badge that it brings nearer,
    plus one for each hour that it takes; the lightest comes first, the earlier in the
    file among equals. A step that its people planned counts by that day. Steps that
    wait for an adviser are left out: nothing can be done about them.

    :param states: the state of each step by its key; one that is not there is to do
    :param due: see :func:`due_days`
    :param today: in the portal's time zone
    :param planned: the days that its people planned, by the key of the step
    :param held: keys of the badges that it has already
    :param waiting: keys of steps that nothing can be done about yet
        (:func:`waiting_for_data`); they come last
    """
    candidates = [
        _Candidate(step, left, badges, step.key in waiting)
        for step in programme.steps
        for state in (states.get(step.key, "todo"),)
        if state not in STEP_DELIVERED
        for left in (_days_left(step.key, state, due, planned, today),)
        for badges in (tuple(b for b in programme.worth[step.key] if b not in held),)
    ]
    if not candidates:
        return None
    best = min(candidates, key=_Candidate.weight)
    return NextStep(best.step, best.why(candidates), best.badges)


class _Candidate(NamedTuple):
    """A step that something can be done about; ``left``: days until its own."""

    step: Step
    left: int | None
    badges: tuple[str, ...]
    waiting: bool

    @property
    def late(self) -> bool:
        return self.left is not None and self.left < 0

    def weight(self) -> tuple[bool, bool, bool, float]:
        left = _NO_DATE if self.left is None else self.left
        return (
            self.waiting,
            not self.late,
            not self.step.required,
            left - A_BADGE * len(self.badges) + self.step.effort_minutes / 60,
        )

    def why(self, candidates: Sequence[_Candidate]) -> WhyNext:
        """What speaks for it, against all the others."""
        if self.late:
            return "late"
        if len(candidates) == 1:
            return "last"
        lefts = [one.left for one in candidates if one.left is not None]
        if self.left is not None and self.left == min(lefts):
            return "due"
        if self.badges and len(self.badges) == max(
            len(one.badges) for one in candidates
        ):
            return "gain"
        return "effort"


def _days_left(
    key: str, state: str, due: Days, planned: Days, today: datetime.date
) -> int | None:
    day = due.get(key)
    own = planned.get(key)
    if state == "planned" and own is not None and own >= today:
        day = own
    return (day - today).days if day else None


def percent(verdict: Verdict) -> int:
    """Return the progress of a verdict in percent; 100 only when it is met."""
    return int(verdict.progress * 100)

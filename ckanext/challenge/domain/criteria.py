"""Criteria: what must hold for a step to be done or a badge to be earned.

A criterion compares a measure with a number, or looks at the steps of a participant;
``AllOf`` and ``AnyOf`` join criteria. :func:`judge` says whether they hold, what is
missing, what was met and how far the way has been gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .lifecycle import STEP_SETTLED
from .measurement import Measurement

#: Progress of what is nearly, but not, met. A hundredth is left, so that what is
#: shown as 100 % is always earned.
_NOT_YET = 0.99


@dataclass(frozen=True)
class Threshold:
    """A measure is at least a number.

    :ivar measure: name of the measure
    :ivar at_least: a count, or a share between 0 and 1
    """

    measure: str
    at_least: float


@dataclass(frozen=True)
class StepDone:
    """A step is done or waived.

    :ivar step: its key
    """

    step: str


@dataclass(frozen=True)
class StepsDone:
    """All required steps of the programme are done or waived."""


@dataclass(frozen=True)
class AllOf:
    """All of several criteria hold."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class AnyOf:
    """One of several criteria holds."""

    criteria: tuple[Criterion, ...]


Criterion = Threshold | StepDone | StepsDone | AllOf | AnyOf


class Finding(NamedTuple):
    """One comparison, met or missing.

    :ivar value: what was found; for a step 1 when it is settled, else 0
    :ivar target: what was asked
    :ivar measure: name of the measure, ``None`` for a step
    :ivar step: key of the step, ``None`` for a measure
    :ivar datasets: ids of the datasets that count (of what is met), or that keep
        the value down (of what is missing); at most 20
    :ivar missing: for each of ``datasets``, in their order, the names of what it
        lacks; nothing where the measure does not say
    :ivar lacking: the names of the fields that the organization itself lacks
    """

    value: float
    target: float
    measure: str | None = None
    step: str | None = None
    datasets: tuple[str, ...] = ()
    missing: tuple[tuple[str, ...], ...] = ()
    lacking: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain values, as it is stored.

        :returns: ``{measure or step, value, target, datasets}`` and, where it is
            known, ``missing``: the names of what lacks by the id of a dataset, or by
            ``""`` for the organization itself
        """
        subject: dict[str, object] = (
            {"measure": self.measure} if self.measure else {"step": self.step}
        )
        stored = {
            **subject,
            "value": self.value,
            "target": self.target,
            "datasets": list(self.datasets),
        }
        if self.missing or self.lacking:
            missing = {
                dataset: list(names)
                for dataset, names in zip(self.datasets, self.missing, strict=False)
            }
            if self.lacking:
                missing[""] = list(self.lacking)
            stored["missing"] = missing
        return stored


class Verdict(NamedTuple):
    """What :func:`judge` says.

    :ivar met: whether the criteria hold
    :ivar progress: share of the way, 1 exactly when they hold
    :ivar missing: what is missing, nothing when they hold; of several
        possible ways the nearest
    :ivar found: what was met
    """

    met: bool
    progress: float
    missing: tuple[Finding, ...] = ()
    found: tuple[Finding, ...] = ()


NOTHING_MEASURED = Measurement(0.0)


def holds(
    criterion: Criterion,
    measurements: Mapping[str, Measurement],
    steps: Mapping[str, str],
    required: tuple[str, ...] = (),
) -> bool:
    """Say whether a criterion holds; the same as :func:`judge` says, but quicker."""
    if isinstance(criterion, Threshold):
        found = measurements.get(criterion.measure, NOTHING_MEASURED)
        return found.value >= criterion.at_least
    if isinstance(criterion, StepDone):
        return steps.get(criterion.step) in STEP_SETTLED
    if isinstance(criterion, StepsDone):
        return all(steps.get(step) in STEP_SETTLED for step in required)
    join = all if isinstance(criterion, AllOf) else any
    return join(
        holds(part, measurements, steps, required) for part in criterion.criteria
    )


def judge(
    criterion: Criterion,
    measurements: Mapping[str, Measurement],
    steps: Mapping[str, str],
    required: tuple[str, ...] = (),
) -> Verdict:
    """Judge a criterion.

    :param measurements: what was measured, by name of the measure; one that is not
        there counts as nothing
    :param steps: the state of each step of the participant, by its key
    :param required: the keys of the programme's required steps
    """
    if isinstance(criterion, Threshold):
        return _judge_threshold(criterion, measurements)
    if isinstance(criterion, StepDone):
        return _judge_step(criterion.step, steps)
    if isinstance(criterion, StepsDone):
        return _all_of([_judge_step(step, steps) for step in required])
    verdicts = [
        judge(part, measurements, steps, required) for part in criterion.criteria
    ]
    return _all_of(verdicts) if isinstance(criterion, AllOf) else _any_of(verdicts)


def _judge_threshold(
    criterion: Threshold, measurements: Mapping[str, Measurement]
) -> Verdict:
    found = measurements.get(criterion.measure, NOTHING_MEASURED)
    target = criterion.at_least
    if found.value >= target:
        finding = Finding(
            found.value, target, measure=criterion.measure, datasets=found.passing
        )
        return Verdict(True, 1.0, found=(finding,))
    finding = Finding(
        found.value,
        target,
        measure=criterion.measure,
        datasets=found.failing,
        missing=found.missing,
        lacking=found.lacking,
    )
    share = max(0.0, min(found.value / target, _NOT_YET)) if target > 0 else 0.0
    return Verdict(False, share, missing=(finding,))


def _judge_step(step: str, steps: Mapping[str, str]) -> Verdict:
    if steps.get(step) in STEP_SETTLED:
        return Verdict(True, 1.0, found=(Finding(1, 1, step=step),))
    return Verdict(False, 0.0, missing=(Finding(0, 1, step=step),))


def _all_of(verdicts: list[Verdict]) -> Verdict:
    found = tuple(finding for verdict in verdicts for finding in verdict.found)
    if all(verdict.met for verdict in verdicts):
        return Verdict(True, 1.0, found=found)
    progress = sum(verdict.progress for verdict in verdicts) / len(verdicts)
    return Verdict(
        False,
        min(progress, _NOT_YET),
        missing=tuple(finding for verdict in verdicts for finding in verdict.missing),
        found=found,
    )


def _any_of(verdicts: list[Verdict]) -> Verdict:
    # The first of the nearest: the order of the file decides between equals.
    return max(verdicts, key=lambda verdict: verdict.progress)


def parts(criterion: Criterion) -> Iterator[Threshold | StepDone | StepsDone]:
    """Yield the single comparisons that a criterion is made of."""
    if isinstance(criterion, AllOf | AnyOf):
        for part in criterion.criteria:
            yield from parts(part)
    else:
        yield criterion


def measures_of(criterion: Criterion) -> frozenset[str]:
    """Return the names of the measures that a criterion looks at."""
    return frozenset(
        part.measure for part in parts(criterion) if isinstance(part, Threshold)
    )

"""Measure organizations, judge them by the programmes, store what changed.

Works on sets: a portion of organizations costs one statement per measure and a handful
to read and write, whatever its size. Doing it again changes nothing.

An organization that takes part in seasons is judged in each of them by the programme
that the season keeps. The badges that need no season are judged for every organization
of the portal, by its programme files as they are now.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

from ckan import model

from ckanext.challenge import config, measures, programmes
from ckanext.challenge.common import journal, session_events, shield
from ckanext.challenge.common.transactions import in_one_transaction
from ckanext.challenge.domain import criteria, deadlines
from ckanext.challenge.domain import progress as checklist
from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.domain.programme import ProgrammeError
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.signals import (
    AwardEvent,
    awards_changed,
    awards_stored,
    organizations_judged,
)

from . import judgements, rules, store
from .awards import Awards, Measured

log = logging.getLogger(__name__)

#: How many organizations are measured together, and evaluated in one transaction.
PORTION = 9000

#: How many of these are judged, and what is stored of them is in memory, at a time.
BATCH = 500

#: As many organizations may fail and be left out; more of them have a fault in common.
_MOST_FAILURES = 20


@dataclass(frozen=True)
class Result:
    """What an evaluation did.

    :ivar organizations: how many were evaluated
    :ivar judged: those of them of which something differed
    :ivar steps_changed: steps whose state changed
    :ivar awards_created: badges given
    :ivar awards_revoked: maintained badges lost
    :ivar seconds: how long it took
    :ivar errors: what could not be evaluated, and why
    """

    organizations: int = 0
    judged: int = 0
    steps_changed: int = 0
    awards_created: int = 0
    awards_revoked: int = 0
    seconds: float = 0.0
    errors: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the result as the API answers it."""
        return {
            "organizations": self.organizations,
            "steps_changed": self.steps_changed,
            "awards_created": self.awards_created,
            "awards_revoked": self.awards_revoked,
            "seconds": round(self.seconds, 3),
        }


class _Done(NamedTuple):
    """What became of a portion."""

    result: Result
    events: list[AwardEvent]


def organizations(
    organization_ids: Collection[str] | None = None,
    cohort_ids: Collection[str] | None = None,
) -> list[str]:
    """Return the ids of the organizations that :func:`evaluate` would look at.

    :param organization_ids: only these
    :param cohort_ids: only those that take part in these
    """
    return store.organizations(organization_ids, cohort_ids)


def evaluate(
    organization_ids: Collection[str] | None = None,
    *,
    cohort_ids: Collection[str] | None = None,
    full: bool = False,
    now: dt.datetime | None = None,
    on_progress: Callable[[int], None] | None = None,
    commit: bool = True,
    leave_out: bool = False,
) -> Result:
    """Evaluate organizations, in all open and running cohorts that they take part in.

    Whoever names organizations or cohorts has a reason:
    these are judged. Of all there are, only those are judged of which something differs
    from the last time (:mod:`.judgements`).

    :param organization_ids: only these
    :param cohort_ids: only those that take part in these; without both, all there are
    :param full: judge all there are, whether anything differs or not
    :param now: the present (aware of its zone), to try another day
    :param on_progress: told now and then how many organizations were done
    :param commit: whether to commit after each portion; else the caller does
    :param leave_out: an organization that cannot be evaluated is named in the result's
        errors, and the others go on; else its error is raised
    :raises ProgrammeError: when a programme file of the portal cannot be used
    """
    began = time.monotonic()
    # Read once, and a wrong file stops all at once.
    programmes.all()
    now = now or utcnow()
    on_progress = on_progress or (lambda number: None)
    transaction = in_one_transaction if commit else _in_the_callers
    chosen = store.organizations(organization_ids, cohort_ids)
    total = Result(organizations=len(chosen))
    if gone := set(organization_ids or ()).difference(chosen):
        # Nothing is judged of what was deleted; what others add up of it changes.
        transaction(partial(_tell_judged, sorted(gone)))
    if organization_ids is None and cohort_ids is None and not full:
        same, errors = transaction(lambda: _leave_unchanged(chosen, now))
        total = replace(total, errors=errors)
        on_progress(len(same))
        chosen = [id_ for id_ in chosen if id_ not in same]
    portion = partial(_portion, commit=commit)
    if leave_out and commit:
        portion = _LeavingOut().portion
    for start in range(0, len(chosen), PORTION):
        ids = chosen[start : start + PORTION]
        done = portion(ids, now)
        total = replace(
            total,
            judged=total.judged + done.judged,
            steps_changed=total.steps_changed + done.steps_changed,
            awards_created=total.awards_created + done.awards_created,
            awards_revoked=total.awards_revoked + done.awards_revoked,
            errors=tuple(dict.fromkeys((*total.errors, *done.errors))),
        )
        on_progress(len(ids))
    for error in total.errors:
        log.error("Not evaluated: %s", error)
    return replace(total, seconds=time.monotonic() - began)


def _leave_unchanged(
    ids: Sequence[str], now: dt.datetime
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Note that organizations were evaluated of which nothing differs.

    :returns: their ids, and why some of their participants cannot be judged at all
    """
    same, errors = judgements.unchanged(ids, _day_of(now))
    store.touch(same, now)
    return frozenset(same), tuple(errors)


def _day_of(now: dt.datetime) -> dt.date:
    return deadlines.day_of(now, config.display_timezone())


def refresh(organization_ids: Collection[str]) -> None:
    """Evaluate at once, after the caller's own commit, and never fail.

    For what a person has just done on a page: the badge is there when the page comes
    back. If it cannot be done now, the nightly evaluation does it.
    """
    try:
        evaluate(organization_ids)
    except Exception:
        model.Session.rollback()
        log.exception("Evaluation of %s failed", ", ".join(organization_ids))


_Work = TypeVar("_Work")


def _in_the_callers(work: Callable[[], _Work]) -> _Work:
    """Do some work in the transaction of the caller, who commits it."""
    return work()


def _portion(organization_ids: Sequence[str], now: dt.datetime, commit: bool) -> Result:
    """Evaluate some organizations, and commit unless the caller does."""
    evaluation = partial(_run, organization_ids, now)
    if not commit:
        done = _in_the_callers(evaluation)
        if done.events:
            session_events.after_commit(_tell_stored, *done.events)
        return done.result
    done = in_one_transaction(evaluation)
    store.forget_loaded()
    if done.events:
        _tell_stored(*done.events)
    return done.result


class _LeavingOut:
    """Evaluates all but what fails, which it finds by halves."""

    def __init__(self) -> None:
        self._failures = 0

    def portion(self, organization_ids: Sequence[str], now: dt.datetime) -> Result:
        """Evaluate what can be of some organizations, and name the others.

        :raises Exception: where the fault is not that of a few organizations
        """
        try:
            return _portion(organization_ids, now, commit=True)
        except Exception as error:
            model.Session.rollback()
            if isinstance(error, ProgrammeError) or shield.is_down(error):
                raise
            if len(organization_ids) == 1:
                return self._left_out(organization_ids[0], error)
        middle = len(organization_ids) // 2
        first, second = (
            self.portion(half, now)
            for half in (organization_ids[:middle], organization_ids[middle:])
        )
        return Result(
            judged=first.judged + second.judged,
            steps_changed=first.steps_changed + second.steps_changed,
            awards_created=first.awards_created + second.awards_created,
            awards_revoked=first.awards_revoked + second.awards_revoked,
            errors=(*first.errors, *second.errors),
        )

    def _left_out(self, organization_id: str, error: Exception) -> Result:
        self._failures += 1
        if self._failures > _MOST_FAILURES:
            raise error
        log.error("Organization %s fails", organization_id, exc_info=error)
        return Result(
            errors=(f"organization {organization_id}: {type(error).__name__}",)
        )


def _run(organization_ids: Sequence[str], now: dt.datetime) -> _Done:
    return _Evaluation(organization_ids, now).run()


def _tell_judged(organization_ids: Sequence[str]) -> None:
    organizations_judged.send("evaluate", organization_ids=organization_ids)


def _tell_stored(*events: AwardEvent) -> None:
    awards_stored.send("evaluate", events=[*events])


#: The measurements of each subject, by the name of the measure.
_Found = Mapping[str, Mapping[Subject, Measurement]]


class _Evaluation:
    """The evaluation of a portion, in the current transaction."""

    def __init__(self, ids: Sequence[str], now: dt.datetime) -> None:
        """Lock and read what is stored, then read the catalogue."""
        self._ids, self._now = ids, now
        self._progress = store.lock(ids)
        self._rules = rules.read(_day_of(now))
        self._participants = judgements.by_organization(ids, list(self._progress))
        self._reading = measures.Reading(self._rules.measures, self._subjects(ids))
        self._entries: list[journal.Entry] = []
        self._events: list[AwardEvent] = []
        self._steps_changed = 0

    def _subjects(self, ids: Sequence[str]) -> list[Subject]:
        return [
            subject
            for id_ in ids
            for subject in self._rules.subjects(id_, self._participants[id_])
        ]

    def run(self) -> _Done:
        """Judge and write: the journal last, since its writers wait for each other."""
        for start in range(0, len(self._ids), BATCH):
            self._judge(self._ids[start : start + BATCH])
        if self._events:
            awards_changed.send("evaluate", events=self._events)
        _tell_judged(self._ids)
        digests = self._reading.digests(self._subjects(self._ids))
        judgements.save(self._rules, self._participants, digests)
        journal.record_many(self._entries)
        result = Result(
            judged=len(self._ids),
            steps_changed=self._steps_changed,
            awards_created=sum(event.before is None for event in self._events),
            awards_revoked=sum(event.after == "revoked" for event in self._events),
            errors=tuple(self._errors()),
        )
        return _Done(result, self._events)

    def _errors(self) -> dict[str, None]:
        """Why some participants of this portion could not be judged."""
        errors = self._rules.errors
        concerned = dict.fromkeys(row.cohort_id for row in self._progress)
        return dict.fromkeys(errors[id_] for id_ in concerned if id_ in errors)

    def _judge(self, ids: Sequence[str]) -> None:
        """Judge some organizations, and write what changed of them."""
        measured = self._reading.of(self._subjects(ids))
        awards = Awards(store.awards(ids), self._rules.today)
        self._judge_participants(ids, measured, awards)
        self._judge_organizations(ids, measured, awards)
        events, entries = awards.save(self._now)
        self._events += events
        self._entries += entries

    def _judge_participants(
        self, ids: Sequence[str], measured: _Found, awards: Awards
    ) -> None:
        """Judge what organizations have done in their seasons."""
        rows = [
            row
            for id_ in ids
            for row in self._participants[id_]
            if row.cohort_id in self._rules.cohorts
        ]
        if not rows:
            return
        all_stored = store.statuses([row.id for row in rows])
        statuses: list[store.StatusRow] = []
        figures: dict[str, store.Progress] = {}
        for row in rows:
            stored, before = all_stored[row.id], self._progress[row]
            cohort = self._rules.cohorts[row.cohort_id]
            subject = self._rules.subject(row)
            found = {name: measured[name][subject] for name in cohort.measures}
            verdict = checklist.evaluate(
                cohort.programme,
                found,
                {step: status.state for step, status in stored.items()},
                self._rules.due(row),
                self._rules.today,
            )
            statuses += self._changed_statuses(row, verdict, stored)
            last = _latest(
                before.last_activity_at, self._reading.changed_at(row.organization_id)
            )
            after = _figures(verdict, found, last)
            if before != after:
                figures[row.id] = after
            about = Measured(
                row.organization_id,
                row.cohort_id,
                found,
                verdict.states,
                cohort.launched,
            )
            for badge in cohort.badges:
                awards.judge(cohort.programme, badge, about)
        store.save_statuses(statuses, self._now)
        store.save_participants([row.id for row in rows], figures, self._now)

    def _changed_statuses(
        self,
        row: store.Participation,
        verdict: checklist.Evaluation,
        stored: Mapping[str, store.StatusRow],
    ) -> list[store.StatusRow]:
        """The statuses to write; a state that changed is noted for the journal."""
        changed: list[store.StatusRow] = []
        by_state: dict[str, list[str]] = {}
        for step in verdict.steps:
            # A step that waits for people says nothing that its absence does not.
            if step.step.source == "person":
                continue
            before = stored.get(step.step.key)
            after = store.StatusRow(
                row.id,
                step.step.key,
                step.state,
                "catalog",
                step.value,
                step.target,
                [missing.as_dict() for missing in step.why_not],
            )
            if before and (before.state == "waived" or before == after):
                continue
            changed.append(after)
            if after.state != (before.state if before else "todo"):
                self._steps_changed += 1
                by_state.setdefault(after.state, []).append(after.step)
        if by_state:
            self._entries.append(
                journal.Entry(
                    journal.SYSTEM, "evaluate", "participant", row.id, by_state
                )
            )
        return changed

    def _judge_organizations(
        self, ids: Sequence[str], measured: _Found, awards: Awards
    ) -> None:
        """Judge organizations by the badges that need no season."""
        before = store.standings(ids)
        changed: list[store.StandingRow] = []
        for id_ in ids:
            # What needs no season is the same in each.
            subject = self._rules.subjects(id_, self._participants[id_])[0]
            found = {
                name: measured[name][subject] for name in self._rules.portal_measures
            }
            about = Measured(id_, None, found)
            missing: dict[str, list[dict[str, object]]] = {}
            for programme, badge in self._rules.portal:
                awards.judge(programme, badge, about)
                verdict = criteria.judge(badge.criteria, found, {})
                if not verdict.met:
                    missing[badge.key] = [part.as_dict() for part in verdict.missing]
            after = store.StandingRow(id_, _values(found), missing)
            if before.get(id_) != after:
                changed.append(after)
        store.save_standings(ids, changed, self._now)


def _figures(
    verdict: checklist.Evaluation,
    measurements: Mapping[str, Measurement],
    last_activity_at: dt.datetime | None,
) -> store.Progress:
    summary = verdict.summary
    return store.Progress(
        steps_done=summary.steps_done,
        steps_total=summary.steps_total,
        percent=summary.percent,
        current_phase=summary.current_phase,
        late_steps=summary.late_steps,
        measures=_values(measurements),
        last_activity_at=last_activity_at,
    )


def _values(measurements: Mapping[str, Measurement]) -> dict[str, float]:
    """The values of measures, rounded to what can be told apart.

    A share's fifth digit is no change.
    """
    return {name: round(float(found.value), 4) for name, found in measurements.items()}


def _latest(*instants: dt.datetime | None) -> dt.datetime | None:
    return max((instant for instant in instants if instant), default=None)

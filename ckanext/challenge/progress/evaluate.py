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
from typing import Any, NamedTuple

from ckan import model

from ckanext.challenge import config, measures, programmes
from ckanext.challenge.common import journal
from ckanext.challenge.common.gc_pause import search_paused
from ckanext.challenge.domain import criteria, deadlines
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.criteria import Finding
from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.domain.programme import Badge, Programme
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.signals import AwardEvent, awards_changed, awards_stored

from . import portions, store
from .awards import Awards, Measured

log = logging.getLogger(__name__)

#: Measures that are stored for pages, whether or not a programme asks for them.
FIGURES = frozenset({"datasets_public", "datasets_since_launch", "resources_public"})

#: How many organizations are measured together, and evaluated in one transaction.
PORTION = 4500

#: How many of these are judged, and what is stored of them is in memory, at a time.
BATCH = 500


@dataclass(frozen=True)
class Result:
    """What an evaluation did.

    :ivar organizations: how many were evaluated
    :ivar steps_changed: steps whose state changed
    :ivar awards_created: badges given
    :ivar awards_revoked: maintained badges lost
    :ivar seconds: how long it took
    :ivar errors: what could not be evaluated, and why
    """

    organizations: int = 0
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
    now: dt.datetime | None = None,
    on_progress: Callable[[int], None] | None = None,
    processes: int = 1,
) -> Result:
    """Evaluate organizations, in all open and running cohorts that they take part in.

    It commits after each portion.

    :param organization_ids: only these
    :param cohort_ids: only those that take part in these; without both, all there are
    :param now: the present (aware of its zone), to try another day
    :param on_progress: told after each portion how many organizations were done
    :param processes: among how many processes the portions are shared; for commands,
        which are alone in their process
    :raises ProgrammeError: when a programme file of the portal cannot be used
    """
    began = time.monotonic()
    # Read once, before there are several processes; and a wrong file stops all at once.
    programmes.all()
    chosen = store.organizations(organization_ids, cohort_ids)
    total = Result(organizations=len(chosen))
    work = partial(_portion, now=now or utcnow())
    for number, done in portions.each(work, chosen, size=PORTION, processes=processes):
        total = replace(
            total,
            steps_changed=total.steps_changed + done.steps_changed,
            awards_created=total.awards_created + done.awards_created,
            awards_revoked=total.awards_revoked + done.awards_revoked,
            errors=tuple(dict.fromkeys((*total.errors, *done.errors))),
        )
        if on_progress is not None:
            on_progress(number)
    for error in total.errors:
        log.error("Not evaluated: %s", error)
    return replace(total, seconds=time.monotonic() - began)


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


def _portion(organization_ids: Sequence[str], now: dt.datetime) -> Result:
    """Evaluate some organizations, and commit."""
    with search_paused(len(organization_ids) > BATCH):
        done = portions.in_one_transaction(
            lambda: _Evaluation(organization_ids, now).run()
        )
    store.forget_loaded()
    if done.events:
        awards_stored.send("evaluate", events=done.events)
    return done.result


#: The measurements of each subject, by the name of the measure.
_Found = Mapping[str, Mapping[Subject, Measurement]]


class _Evaluation:
    """The evaluation of a portion, in the current transaction."""

    def __init__(self, ids: Sequence[str], now: dt.datetime) -> None:
        """Read and lock what is stored, then read the catalogue."""
        self._ids, self._now = ids, now
        self._today = deadlines.day_of(now, config.display_timezone())
        rows = store.lock(ids)
        self._standings = store.standings(ids)
        self._cohorts, self._errors = _with_programmes(
            store.cohorts([row.id for row in rows])
        )
        self._rows: dict[str, list[store.ParticipantRow]] = {id_: [] for id_ in ids}
        for row in rows:
            if row.cohort_id in self._cohorts:
                self._rows[row.organization_id].append(row)
        self._portal = _judged_without_cohort()
        self._portal_measures = _measures_of(self._portal)
        names = frozenset(self._portal_measures).union(
            *(cohort.measures for cohort in self._cohorts.values())
        )
        self._reading = measures.Reading(sorted(names), self._subjects(ids))
        self._entries: list[journal.Entry] = []
        self._events: list[AwardEvent] = []
        self._steps_changed = 0

    def _subjects(self, ids: Sequence[str]) -> list[Subject]:
        """Whom to measure: an organization in each of its seasons, or without one."""
        return [
            subject
            for id_ in ids
            for subject in [*map(self._subject, self._rows[id_])] or [Subject(id_)]
        ]

    def _subject(self, row: store.ParticipantRow) -> Subject:
        launch = self._cohorts[row.cohort_id].row.milestones["launch"]
        return Subject(row.organization_id, row.cohort_id, launch)

    def run(self) -> _Done:
        """Judge and write: the journal last, since its writers wait for each other."""
        for start in range(0, len(self._ids), BATCH):
            self._judge(self._ids[start : start + BATCH])
        if self._events:
            awards_changed.send("evaluate", events=self._events)
        journal.record_many(self._entries)
        result = Result(
            steps_changed=self._steps_changed,
            awards_created=sum(event.before is None for event in self._events),
            awards_revoked=sum(event.after == "revoked" for event in self._events),
            errors=self._errors,
        )
        return _Done(result, self._events)

    def _judge(self, ids: Sequence[str]) -> None:
        """Judge some organizations, and write what changed of them."""
        measured = self._reading.of(self._subjects(ids))
        awards = Awards(store.awards(ids), self._today)
        self._judge_participants(ids, measured, awards)
        self._judge_organizations(ids, measured, awards)
        events, entries = awards.save(self._now)
        self._events += events
        self._entries += entries

    def _judge_participants(
        self, ids: Sequence[str], measured: _Found, awards: Awards
    ) -> None:
        """Judge what organizations have done in their seasons."""
        rows = [row for id_ in ids for row in self._rows[id_]]
        if not rows:
            return
        all_stored = store.statuses([row.id for row in rows])
        statuses: list[store.StatusRow] = []
        figures: dict[str, store.Progress] = {}
        for row in rows:
            stored = all_stored[row.id]
            cohort = self._cohorts[row.cohort_id]
            subject = self._subject(row)
            found = {name: measured[name][subject] for name in cohort.measures}
            verdict = rules.evaluate(
                cohort.programme,
                found,
                {step: status.state for step, status in stored.items()},
                cohort.due,
                self._today,
            )
            statuses += self._changed_statuses(row, verdict, stored)
            last = _latest(
                row.progress.last_activity_at,
                self._reading.changed_at(row.organization_id),
            )
            after = _figures(verdict, found, last)
            if not store.same_progress(row.progress, after):
                figures[row.id] = after
            about = Measured(row.organization_id, row.cohort_id, found, verdict.states)
            for badge in cohort.badges:
                awards.judge(cohort.programme, badge, about)
        store.save_statuses(statuses, self._now)
        store.save_participants([row.id for row in rows], figures, self._now)

    def _changed_statuses(
        self,
        row: store.ParticipantRow,
        verdict: rules.Evaluation,
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
                store.as_stored(step.why_not),
            )
            if before and (before.state == "waived" or store.same(before, after)):
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
        changed: list[store.StandingRow] = []
        for id_ in ids:
            # What needs no season is the same in each.
            subject = next(map(self._subject, self._rows[id_]), Subject(id_))
            found = {name: measured[name][subject] for name in self._portal_measures}
            about = Measured(id_, None, found)
            missing: dict[str, tuple[Finding, ...]] = {}
            for programme, badge in self._portal:
                awards.judge(programme, badge, about)
                verdict = criteria.judge(badge.criteria, found, {})
                if not verdict.met:
                    missing[badge.key] = verdict.missing
            after = store.StandingRow(
                id_, store.values_as_stored(found), store.findings_by_badge(missing)
            )
            if self._standings.get(id_) != after.fingerprint:
                changed.append(after)
        store.save_standings(ids, changed, self._now)


@dataclass(frozen=True)
class _Cohort:
    row: store.CohortRow
    programme: Programme
    due: Mapping[str, dt.date | None]
    measures: tuple[str, ...]
    badges: tuple[Badge, ...]


def _with_programmes(
    found: Mapping[str, store.CohortRow],
) -> tuple[dict[str, _Cohort], tuple[str, ...]]:
    """The cohorts with their programmes, and what is said of those without."""
    known = measures.registry.known().keys()
    cohorts: dict[str, _Cohort] = {}
    errors: list[str] = []
    for row in found.values():
        try:
            programme = programmes.of(row)
        except KeyError:
            errors.append(f"{row.name}: there is no programme {row.programme}")
            continue
        # A copy outlives the plugin that brought a measure.
        if gone := programme.measures - known:
            errors.append(f"{row.name}: there is no measure {', '.join(sorted(gone))}")
            continue
        cohorts[row.id] = _Cohort(
            row,
            programme,
            rules.due_days(programme, row.milestones),
            store.in_stored_order(programme.measures | FIGURES),
            tuple(badge for badge in programme.badges if badge.scope == "cohort"),
        )
    return cohorts, tuple(errors)


def _judged_without_cohort() -> tuple[tuple[Programme, Badge], ...]:
    """The badges that need no season, but for those whose measure went away."""
    known = measures.registry.known().keys()
    return tuple(
        (programme, badge)
        for programme, badge in programmes.badges_without_cohort()
        if criteria.measures_of(badge.criteria) <= known
    )


def _measures_of(portal: Sequence[tuple[Programme, Badge]]) -> tuple[str, ...]:
    """What is measured of every organization."""
    names = frozenset[str]().union(
        *(criteria.measures_of(badge.criteria) for _, badge in portal)
    )
    names |= FIGURES & measures.registry.known().keys()
    return store.in_stored_order(names - measures.registry.seasonal())


def _figures(
    verdict: rules.Evaluation,
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
        measures=store.values_as_stored(measurements),
        last_activity_at=last_activity_at,
    )


def _latest(*instants: dt.datetime | None) -> dt.datetime | None:
    return max((instant for instant in instants if instant), default=None)

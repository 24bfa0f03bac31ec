"""Measure participants, judge them by their programme, store what changed.

Works on sets: a portion of participants costs one statement per measure and a handful
to read and write, whatever its size. Doing it again changes nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ckan import model
from sqlalchemy.exc import DBAPIError

from ckanext.challenge import config, journal, measures, programmes
from ckanext.challenge.domain import criteria, deadlines
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.lifecycle import AWARD, AWARD_HELD
from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.domain.programme import Badge, Programme
from ckanext.challenge.garbage import search_paused
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.progress import store

__all__ = ["FIGURES", "Result", "evaluate", "refresh", "targets"]

log = logging.getLogger(__name__)

#: Measures that are stored for pages, whether or not a programme asks for them.
FIGURES = frozenset({"datasets_public", "datasets_since_launch", "resources_public"})

#: How many participants are measured together, and evaluated in one transaction.
PORTION = 6000

#: Of how many of them what is stored is in memory at a time.
BATCH = 1000

#: How often a portion is tried again when another transaction was in its way.
_TRIES = 3

#: PostgreSQL's codes for a deadlock and for a serialization failure.
_IN_THE_WAY = frozenset({"40P01", "40001"})


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


@dataclass
class _Changes:
    """What is to be written for a portion; the statuses after each batch of it."""

    statuses: list[store.StatusRow] = field(default_factory=list)
    participants: dict[str, store.Progress] = field(default_factory=dict)
    new_awards: dict[tuple[str, str, str | None], store.NewAward] = field(
        default_factory=dict
    )
    award_changes: list[store.AwardChange] = field(default_factory=list)
    entries: list[journal.Entry] = field(default_factory=list)
    steps_changed: int = 0


def targets(
    organization_ids: Collection[str] | None = None,
    cohort_ids: Collection[str] | None = None,
) -> list[store.Target]:
    """Return the participants that :func:`evaluate` would look at.

    :param organization_ids: only those of these organizations
    :param cohort_ids: only those of these cohorts
    """
    return store.targets(organization_ids, cohort_ids)


def evaluate(
    organization_ids: Collection[str] | None = None,
    *,
    cohort_ids: Collection[str] | None = None,
    now: dt.datetime | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Result:
    """Evaluate participants of open and running cohorts, and commit.

    :param organization_ids: only those of these organizations
    :param cohort_ids: only those of these cohorts; without both, all there are
    :param now: the present (aware of its zone), to try another day
    :param on_progress: told after each portion how many participants were done
    :raises ProgrammeError: when a programme file of the portal cannot be used
    """
    began = time.monotonic()
    now = now or utcnow()
    chosen = store.targets(organization_ids, cohort_ids)
    total = Result(organizations=len({target.organization_id for target in chosen}))
    for start in range(0, len(chosen), PORTION):
        portion = [target.participant_id for target in chosen[start : start + PORTION]]
        done = _portion_with_retries(portion, now)
        total = replace(
            total,
            steps_changed=total.steps_changed + done.steps_changed,
            awards_created=total.awards_created + done.awards_created,
            awards_revoked=total.awards_revoked + done.awards_revoked,
            errors=tuple(dict.fromkeys((*total.errors, *done.errors))),
        )
        if on_progress is not None:
            on_progress(len(portion))
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


def _portion_with_retries(participant_ids: Sequence[str], now: dt.datetime) -> Result:
    for attempt in range(1, _TRIES + 1):
        try:
            with search_paused(len(participant_ids) > BATCH):
                result = _portion(participant_ids, now)
            model.Session.commit()
        except DBAPIError as error:
            model.Session.rollback()
            code = getattr(error.orig, "pgcode", None)
            if code not in _IN_THE_WAY or attempt == _TRIES:
                raise
            log.info("Evaluation met another transaction (%s), trying again", code)
        except Exception:
            model.Session.rollback()
            raise
        else:
            store.forget_loaded()
            return result
    raise AssertionError("unreachable")


def _portion(participant_ids: Sequence[str], now: dt.datetime) -> Result:
    """Evaluate some participants in the current transaction."""
    today = deadlines.day_of(now, config.display_timezone())
    rows = store.lock(participant_ids)
    cohorts, errors = _with_programmes(store.cohorts([row.id for row in rows]))
    rows = [row for row in rows if row.cohort_id in cohorts]
    ids = [row.id for row in rows]
    organizations = {row.organization_id for row in rows}
    subjects = {
        row.id: Subject(
            row.organization_id,
            row.cohort_id,
            cohorts[row.cohort_id].row.milestones["launch"],
        )
        for row in rows
    }
    measured = _measure(cohorts, list(subjects.values()))
    held = _Held(store.awards(organizations))
    active_at = store.last_changes(organizations)
    changes = _Changes()
    for row, statuses in _with_statuses(rows, changes, now):
        cohort = cohorts[row.cohort_id]
        subject = subjects[row.id]
        measurements = {
            name: found[subject] for name, found in measured.items() if subject in found
        }
        verdict = rules.evaluate(
            cohort.programme,
            measurements,
            {step: status.state for step, status in statuses.items()},
            cohort.due,
            today,
        )
        changed = _diff_statuses(row, verdict, statuses, changes)
        last = _latest(
            row.progress.last_activity_at, active_at.get(row.organization_id)
        )
        figures = _figures(verdict, measurements, last)
        if figures != row.progress:
            changes.participants[row.id] = figures
        if changed:
            changes.entries.append(
                journal.Entry(
                    journal.SYSTEM, "evaluate", "participant", row.id, changed
                )
            )
        states = verdict.states
        for badge in cohort.programme.badges:
            _judge_award(
                row, cohort.programme, badge, measurements, states, held, today, changes
            )
    return _write(ids, changes, now, errors)


def _with_statuses(
    rows: Sequence[store.ParticipantRow], changes: _Changes, now: dt.datetime
) -> Iterator[tuple[store.ParticipantRow, Mapping[str, store.StatusRow]]]:
    """Each participant with its stored steps.

    After each batch, what is to be written of steps is written and forgotten.
    """
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        stored = store.statuses([row.id for row in batch])
        for row in batch:
            yield row, stored[row.id]
        store.save_statuses(changes.statuses, now)
        changes.statuses.clear()


@dataclass(frozen=True)
class _Cohort:
    row: store.CohortRow
    programme: Programme
    due: Mapping[str, dt.date | None]


def _with_programmes(
    found: Mapping[str, store.CohortRow],
) -> tuple[dict[str, _Cohort], tuple[str, ...]]:
    """The cohorts with their programmes, and what is said of those without."""
    known = measures.registry().keys()
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
            row, programme, rules.due_days(programme, row.milestones)
        )
    return cohorts, tuple(errors)


def _measure(
    cohorts: Mapping[str, _Cohort], subjects: Sequence[Subject]
) -> dict[str, dict[Subject, Measurement]]:
    if not subjects:
        return {}
    names = set(FIGURES)
    for cohort in cohorts.values():
        names |= cohort.programme.measures
    return measures.measure(sorted(names), list(dict.fromkeys(subjects)))


def _diff_statuses(
    row: store.ParticipantRow,
    verdict: rules.Evaluation,
    stored: Mapping[str, store.StatusRow],
    changes: _Changes,
) -> dict[str, list[str]]:
    """Note the statuses to write.

    :returns: the steps of the catalogue that changed, by their new state
    """
    changed: dict[str, list[str]] = {}
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
        changes.statuses.append(after)
        if after.state != (before.state if before else "todo"):
            changes.steps_changed += 1
            changed.setdefault(after.state, []).append(after.step)
    return changed


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
        # What can be told apart: a share's fifth digit is no change.
        measures={name: round(found.value, 4) for name, found in measurements.items()},
        last_activity_at=last_activity_at,
    )


def _latest(*instants: dt.datetime | None) -> dt.datetime | None:
    return max((instant for instant in instants if instant), default=None)


class _Held:
    """The awards that organizations hold, or that a person took from them."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._live: dict[tuple[str, str, str | None], Any] = {}
        self._refused: set[tuple[str, str, str | None]] = set()
        for row in rows:
            key = (row.organization_id, row.badge, row.cohort_id)
            if row.state in AWARD_HELD:
                self._live[key] = row
            else:
                self._refused.add(key)

    def live(self, key: tuple[str, str, str | None]) -> Any | None:
        return self._live.get(key)

    def refused(self, key: tuple[str, str, str | None]) -> bool:
        return key in self._refused


def _judge_award(  # noqa: PLR0917 (all that decides on one award)
    row: store.ParticipantRow,
    programme: Programme,
    badge: Badge,
    measurements: Mapping[str, Measurement],
    states: Mapping[str, str],
    held: _Held,
    today: dt.date,
    changes: _Changes,
) -> None:
    cohort_id = row.cohort_id if badge.scope == "cohort" else None
    key = (row.organization_id, badge.key, cohort_id)
    award = held.live(key)
    if award is not None and (badge.policy == "permanent" or award.source == "person"):
        return
    known = (measurements, states, programme.required)
    met = criteria.holds(badge.criteria, *known)
    if award is not None:
        change = _maintained(award, badge.grace_days, met, today)
        if change is not None and change not in changes.award_changes:
            AWARD.check(award.state, change.state)
            changes.award_changes.append(change)
    elif met and not held.refused(key) and key not in changes.new_awards:
        verdict = criteria.judge(badge.criteria, *known)
        changes.new_awards[key] = store.NewAward(
            badge=badge.key,
            programme=programme.name,
            programme_version=programme.version,
            level=badge.level,
            organization_id=row.organization_id,
            cohort_id=cohort_id,
            criteria={"met": [part.as_dict() for part in verdict.found]},
        )


def _maintained(
    award: Any, grace_days: int, met: bool, today: dt.date
) -> store.AwardChange | None:
    """What becomes of a maintained award."""
    if met:
        if award.state == "at_risk":
            return store.AwardChange(award.id, award.state, "active")
        return None
    if award.state == "active":
        lost_on = today + dt.timedelta(days=grace_days)
        return store.AwardChange(award.id, award.state, "at_risk", lost_on)
    if today >= award.lost_on:
        return store.AwardChange(
            award.id, award.state, "revoked", revoked_reason="criteria_no_longer_hold"
        )
    return None


def _write(
    ids: Sequence[str], changes: _Changes, now: dt.datetime, errors: tuple[str, ...]
) -> Result:
    """Write what changed, the journal last: its writers wait for each other."""
    store.save_participants(ids, changes.participants, now)
    new = list(changes.new_awards.values())
    given = store.award_inserts(new, now)
    changed = store.award_changes(changes.award_changes, now)
    entries = changes.entries
    entries += [
        journal.Entry(
            journal.SYSTEM,
            "create",
            "award",
            award.id,
            {
                "badge": award.badge,
                "organization_id": award.organization_id,
                "cohort_id": award.cohort_id,
            },
        )
        for award in new
        if award.id in given
    ]
    entries += [
        journal.Entry(
            journal.SYSTEM,
            "transition",
            "award",
            change.id,
            {"from": change.before, "to": change.state},
        )
        for change in changes.award_changes
        if change.id in changed
    ]
    journal.record_many(entries)
    return Result(
        steps_changed=changes.steps_changed,
        awards_created=len(given),
        awards_revoked=sum(
            change.state == "revoked"
            for change in changes.award_changes
            if change.id in changed
        ),
        errors=errors,
    )

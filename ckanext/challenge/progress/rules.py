"""What organizations are judged by: programmes, and the dates of the seasons."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

import ckan.plugins.toolkit as tk

from ckanext.challenge import config, measures, programmes
from ckanext.challenge.domain import criteria, deadlines, progress
from ckanext.challenge.domain.measurement import Subject
from ckanext.challenge.domain.programme import Badge, Programme

from . import store

_VERSION = version("ckanext-challenge")

#: Measures that are stored for pages, whether or not a programme asks for them.
FIGURES = frozenset({"datasets_public", "datasets_since_launch", "resources_public"})


@dataclass(frozen=True)
class CohortRules:
    """What the participants of a cohort are judged by.

    :ivar launch: the day of its launch, where it has one
    :ivar launched: whether that day has come; without one, whether the cohort runs
    :ivar due: the day on which each step is due
    :ivar measures: the names of what is measured of each
    :ivar badges: those that are earned in the cohort
    :ivar digest: of all this, and of which steps are late today
    """

    programme: Programme
    launch: dt.date | None
    launched: bool
    due: Mapping[str, dt.date | None]
    measures: tuple[str, ...]
    badges: tuple[Badge, ...]
    digest: str


@dataclass(frozen=True)
class Rules:
    """What the organizations of the portal are judged by.

    :ivar today: the day that it is, in the portal's time zone
    :ivar portal: the badges that need no season, each with its programme
    :ivar portal_measures: the names of what is measured for them
    :ivar cohorts: by the ids of the cohorts in which steps follow the catalogue
    :ivar errors: why the participants of the other cohorts cannot be judged
    :ivar measures: the names of all measures, in their order
    :ivar digest: of all this but for the cohorts
    """

    today: dt.date
    portal: tuple[tuple[Programme, Badge], ...]
    portal_measures: tuple[str, ...]
    cohorts: Mapping[str, CohortRules]
    errors: Mapping[str, str]
    measures: tuple[str, ...]
    digest: str

    def subjects(
        self, organization_id: str, rows: Iterable[store.Participation]
    ) -> list[Subject]:
        """Whom to measure: an organization in each of its seasons, or without one.

        :param rows: the participants that it is
        """
        return [self.subject(row) for row in rows if row.cohort_id in self.cohorts] or [
            Subject(organization_id)
        ]

    def subject(self, row: store.Participation) -> Subject:
        """Whom to measure for a participant of one of the cohorts."""
        launch = self.cohorts[row.cohort_id].launch
        return Subject(row.organization_id, row.cohort_id, launch, row.earlier)

    def due(self, row: store.Participation) -> progress.Days:
        """The day on which each step is due for a participant of one of the cohorts."""
        due = self.cohorts[row.cohort_id].due
        return progress.extended(due, dict(row.later)) if row.later else due

    def digest_for(self, rows: Iterable[store.Participation]) -> str:
        """The digest of what an organization is judged by.

        :param rows: the participants that it is
        """
        parts = [self.digest]
        for row in rows:
            cohort = self.cohorts.get(row.cohort_id)
            parts += [row.id, cohort.digest if cohort else "", repr(row.earlier)]
            # A later day is late on a day of its own.
            parts += [
                f"{step} {day} {deadlines.is_late(day, self.today)}"
                for step, day in row.later
            ]
        return " ".join(parts)


def read(today: dt.date) -> Rules:
    """Read the rules as they are now, in the current transaction.

    :param today: the day that it is, in the portal's time zone
    :raises ProgrammeError: when a programme file of the portal cannot be used
    """
    known = measures.registry.known().keys()
    cohorts: dict[str, CohortRules] = {}
    errors: dict[str, str] = {}
    for row in store.cohorts():
        try:
            programme = programmes.of(row)
        except KeyError:
            errors[row.id] = f"{row.name}: there is no programme {row.programme}"
            continue
        # A copy outlives the plugin that brought a measure.
        if gone := programme.measures - known:
            missing = ", ".join(sorted(gone))
            errors[row.id] = f"{row.name}: there is no measure {missing}"
            continue
        cohorts[row.id] = _of_cohort(row, programme, today)
    portal = tuple(
        (programme, badge)
        for programme, badge in programmes.badges_without_cohort()
        # Its measure may have gone with a plugin too.
        if criteria.measures_of(badge.criteria) <= known
    )
    names = (FIGURES & known).union(
        *(criteria.measures_of(badge.criteria) for _, badge in portal)
    )
    portal_measures = tuple(sorted(names - measures.registry.seasonal()))
    every = frozenset(portal_measures).union(
        *(cohort.measures for cohort in cohorts.values())
    )
    return Rules(
        today,
        portal,
        portal_measures,
        cohorts,
        errors,
        tuple(sorted(every)),
        _digest(
            [(programme.digest, badge.key) for programme, badge in portal],
            sorted(every),
            # What turns facts into values is code, ours and that of plugins.
            _VERSION,
            tk.config["ckan.plugins"],
            # The day on which something happened depends on it.
            config.display_timezone(),
        ),
    )


def _of_cohort(
    row: store.CohortRow, programme: Programme, today: dt.date
) -> CohortRules:
    due = progress.due_days(programme, row.milestones)
    late = [step for step, day in due.items() if deadlines.is_late(day, today)]
    launch = row.milestones["launch"]
    launched = row.state == "running" if launch is None else launch <= today
    return CohortRules(
        programme,
        launch,
        launched,
        due,
        tuple(sorted(programme.measures | FIGURES)),
        tuple(badge for badge in programme.badges if badge.scope == "cohort"),
        _digest(row, programme.digest, late, launched),
    )


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()

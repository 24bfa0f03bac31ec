"""The results of a season: as they are, and as they were on the day it finished."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import programmes
from ckanext.challenge.common import names
from ckanext.challenge.domain.lifecycle import AWARD_HELD
from ckanext.challenge.domain.programme import Step
from ckanext.challenge.model import Award, Cohort, Participant, figures
from ckanext.challenge.model.figures import COUNTED, DATASETS

#: What the page of a season shows of a snapshot; the rest is for the report.
_BRIEF = ("date", "programme", "programme_version", "figures")


def results(cohort: Cohort, day: dt.date) -> dict[str, Any]:
    """The results of a season as they are now, in a few statements.

    Keys and numbers alone: what they are called is in the programme that the season
    keeps. Titles of organizations are here, as they were on that day.

    :param day: the day that they are of
    :returns: ``{date, programme, programme_version, figures, steps: {key: how many
        have done it}, waived: {key: of how many it was not asked}, badges: {key: how
        many hold it}, participants:
        [{organization_id, organization_name, organization_title, siren, kind,
        departement, population, steps_done, steps_total, percent, completed,
        datasets, badges}]}``
    """
    awards = _awards(cohort)
    settled_ = figures.settled_by_step(cohort.id)
    return {
        "date": day.isoformat(),
        "programme": cohort.programme,
        "programme_version": cohort.programme_version,
        "figures": figures.by_cohort([cohort.id])[cohort.id],
        "steps": _known(cohort, settled_["done"]),
        "waived": _known(cohort, settled_["waived"]),
        "badges": _counted(awards),
        "participants": _participants(cohort, awards),
    }


def brief(snapshot: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The part of a snapshot that pages of the season need."""
    if snapshot is None:
        return None
    return {name: snapshot.get(name) for name in _BRIEF}


def shown_figures(
    cohorts: Sequence[Cohort],
) -> dict[str, dict[str, Any]]:
    """The figures of seasons, by their ids: as they are, or were on the last day.

    :returns: as :func:`ckanext.challenge.model.figures.by_cohort`
    """
    found = figures.by_cohort([cohort.id for cohort in cohorts])
    for cohort in cohorts:
        # A snapshot of before may not have all of them.
        found[cohort.id] |= (cohort.snapshot or {}).get("figures", {})
    return found


class Settled(NamedTuple):
    """How many participants are through with each step, by its key.

    :ivar done: who have done it
    :ivar waived: of whom it was not asked; of a snapshot that did not tell them apart,
        they are among the others
    """

    done: Mapping[str, int]
    waived: Mapping[str, int]

    @classmethod
    def of(cls, results: Mapping[str, Any]) -> Settled:
        """Those of :func:`results`."""
        return cls(results["steps"], results.get("waived", {}))

    def of_phase(self, steps: Sequence[Step], participants: int) -> dict[str, int]:
        """``steps_done``, ``steps_total`` (that were asked) and ``percent``."""
        done = sum(self.done.get(step.key, 0) for step in steps)
        waived = sum(self.waived.get(step.key, 0) for step in steps)
        total = len(steps) * participants - waived
        nothing = 100 if participants else 0
        return {
            "steps_done": done,
            "steps_total": total,
            "percent": 100 * done // total if total else nothing,
        }


def settled(cohort: Cohort) -> Settled:
    """How many are, or were on the last day of a season, through with each step."""
    if cohort.snapshot and "steps" in cohort.snapshot:
        return Settled.of(cohort.snapshot)
    found = figures.settled_by_step(cohort.id)
    return Settled(found["done"], found["waived"])


def _known(cohort: Cohort, settled: Mapping[str, int]) -> dict[str, int]:
    """The steps of the season's programme; former ones count no more."""
    return {step.key: settled.get(step.key, 0) for step in programmes.of(cohort).steps}


def _awards(cohort: Cohort) -> dict[str, list[str]]:
    """The badges that each participant earned in the season, the first one first."""
    rows = model.Session.execute(
        sa.select(Award.organization_id, Award.badge)
        .where(
            Award.cohort_id == cohort.id,
            Award.state.in_(sorted(AWARD_HELD)),
            Award.organization_id.in_(figures.counted(cohort.id)),
        )
        .order_by(Award.awarded_at, Award.badge)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.organization_id, []).append(row.badge)
    return found


def _counted(awards: Mapping[str, list[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for badges in awards.values():
        for badge in badges:
            counts[badge] = counts.get(badge, 0) + 1
    return counts


def _participants(
    cohort: Cohort, awards: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    rows = model.Session.execute(
        sa.select(
            Participant.organization_id,
            model.Group.name,
            model.Group.title,
            Participant.siren,
            Participant.kind,
            Participant.departement,
            Participant.population,
            Participant.steps_done,
            Participant.steps_total,
            Participant.percent,
            Participant.state,
            DATASETS.label("datasets"),
        )
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(Participant.cohort_id == cohort.id, *COUNTED)
        .order_by(
            Participant.percent.desc(),
            *names.in_order(model.Group.title),
            Participant.id,
        )
    )
    return [
        {
            "organization_id": row.organization_id,
            "organization_name": row.name,
            "organization_title": row.title or row.name,
            "siren": row.siren,
            "kind": row.kind,
            "departement": row.departement,
            "population": row.population,
            "steps_done": row.steps_done,
            "steps_total": row.steps_total,
            "percent": row.percent,
            "completed": row.state == "completed",
            "datasets": int(row.datasets or 0),
            "badges": awards.get(row.organization_id, []),
        }
        for row in rows
    ]

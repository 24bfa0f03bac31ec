"""Whatever happens in a season, all that tells of it tells the same, at any moment.

Its page, its list of participants, the page of each of them, its badges and its report
are asked after each of a series of changes, whether the evaluation has come by or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from helpers.progress import Join, MakeCohort, do, publish
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import jobs
from ckanext.challenge.model import Award, Cohort
from ckanext.challenge.progress.jobs import evaluate_queued

pytestmark = [
    pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty"),
]

NUMBER = st.integers(0, 1)


class World:
    """A season that runs, two organizations that take part, and a dataset of each."""

    def __init__(self, make_cohort: MakeCohort, join: Join) -> None:
        self._make_cohort, self._join = make_cohort, join
        self.organizations = [factories.Organization()["id"] for _ in range(2)]
        self.datasets = [publish(id_)["id"] for id_ in self.organizations]
        self.cohort: Cohort | None = None

    def reset(self) -> None:
        if self.cohort is not None:
            model.Session.delete(model.Session.get(Cohort, self.cohort.id))
        for id_ in self.organizations:
            self._set(model.Group.get(id_), state="active")
        for id_ in self.datasets:
            self._set(model.Package.get(id_), private=False, state="active")
        model.Session.commit()
        self.cohort = self._make_cohort()
        self.name = self.cohort.name
        self.participants = [
            self._join(self.cohort, id_).id for id_ in self.organizations
        ]
        jobs.forget()

    def _set(self, row: Any, **values: Any) -> None:
        for name, value in values.items():
            setattr(row, name, value)

    # What may happen; each takes whose turn it is, and one more number.

    def dataset(self, number: int, hidden: int) -> None:
        self._set(model.Package.get(self.datasets[number]), private=bool(hidden))
        model.Session.commit()

    def organization(self, number: int, deleted: int) -> None:
        state = "deleted" if deleted else "active"
        self._set(model.Group.get(self.organizations[number]), state=state)
        model.Session.commit()

    def evaluation(self, number: int, other: int) -> None:
        evaluate_queued()

    def answer(self, number: int, done: int) -> None:
        do(
            "challenge_step_update",
            participant=self.participants[number],
            step="contact-technique",
            state="done" if done else "in_progress",
            note="Une secrétaire",
        )

    def waive(self, number: int, which: int) -> None:
        step = ("premier-jeu", "contact-technique")[which]
        do(
            "challenge_step_waive",
            participant=self.participants[number],
            step=step,
            reason="Sans objet",
        )

    def unwaive(self, number: int, which: int) -> None:
        step = ("premier-jeu", "contact-technique")[which]
        do("challenge_step_unwaive", participant=self.participants[number], step=step)

    def leave(self, number: int, other: int) -> None:
        do(
            "challenge_participant_withdraw",
            id=self.participants[number],
            reason="Faute de temps",
        )

    def come_back(self, number: int, other: int) -> None:
        do("challenge_participant_reinstate", id=self.participants[number])

    def award(self, number: int, other: int) -> None:
        do(
            "challenge_award_create",
            badge="engagee",
            organization=self.organizations[number],
            cohort=self.name,
            reason="Une belle année",
        )

    def revoke(self, number: int, other: int) -> None:
        award = (
            model.Session.query(Award)
            .filter_by(organization_id=self.organizations[number])
            .order_by(Award.badge)
            .first()
        )
        if award is not None:
            do("challenge_award_revoke", id=award.id, reason="Une erreur")

    def transition(self, number: int, finished: int) -> None:
        to = "finished" if finished else "running"
        do("challenge_cohort_transition", id=self.name, to=to)


EVENTS: tuple[Callable[..., None], ...] = (
    World.dataset,
    World.organization,
    World.evaluation,
    World.answer,
    World.waive,
    World.unwaive,
    World.leave,
    World.come_back,
    World.award,
    World.revoke,
    World.transition,
)


def figures_of(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["steps_done"], row["steps_total"], row["percent"]


def opened(row: dict[str, Any]) -> int:
    return int(row["measures"].get("datasets_since_launch", 0))


def agree(name: str) -> None:
    """All that tells of the season tells the same."""
    season, report = (
        do(action, id=name)
        for action in ("challenge_cohort_show", "challenge_cohort_report")
    )
    (listed,) = do("challenge_cohort_list")["results"]
    figures, rows = report["figures"], report["participants"]["results"]
    assert season["figures"] == listed["figures"] == figures
    for phases in (season["phases"], report["phases"]):
        assert sum(phase["steps_done"] for phase in phases) == figures["steps_done"]
        assert sum(phase["steps_total"] for phase in phases) == figures["steps_total"]
    assert sum(step["done"] for step in report["steps"]) == figures["steps_done"]
    assert len(rows) == report["participants"]["count"] == figures["participants"]
    assert sum(row["steps_done"] for row in rows) == figures["steps_done"]
    assert sum(row["steps_total"] for row in rows) == figures["steps_total"]
    assert sum(row["datasets"] for row in rows) == figures["datasets"]
    assert sum(row["datasets"] > 0 for row in rows) == figures["published"]
    assert sum(row["completed"] for row in rows) == figures["completed"]
    badges = [badge["badge"] for row in rows for badge in row["badges"]]
    counts = {row["badge"]: row["count"] for row in report["badges"]}
    assert counts == {key: badges.count(key) for key in counts}
    told = {row["organization_id"]: row for row in rows}
    found = do("challenge_participant_list", cohort=name)["results"]
    for row in found:
        progress = do(
            "challenge_progress_show", organization=row["organization_id"], cohort=name
        )
        assert figures_of(progress) == figures_of(row)
        if row["organization_id"] in told:
            in_report = told[row["organization_id"]]
            assert figures_of(in_report) == figures_of(row)
            assert in_report["datasets"] == opened(row)
    # What comes after the end of a season is not in its report.
    if not report["final"]:
        assert told.keys() == {row["organization_id"] for row in found}
        assert len(badges) == sum(row["badges_count"] for row in found)
        holders = do("challenge_badge_list", cohort=name)["results"]
        assert counts == {
            row["badge"]: row["holders"] for row in holders if row["scope"] == "cohort"
        }


@pytest.fixture
def world(make_cohort: MakeCohort, join: Join) -> World:
    return World(make_cohort, join)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    events=st.lists(
        st.tuples(st.sampled_from(EVENTS), NUMBER, NUMBER), min_size=3, max_size=10
    )
)
def test_figures_agree_at_any_moment(
    world: World, events: list[tuple[Callable[..., None], int, int]]
) -> None:
    world.reset()
    agree(world.name)
    for event, number, other in events:
        try:
            event(world, number, other)
        except (tk.ValidationError, tk.ObjectNotFound):
            # The rules do not allow it now.
            model.Session.rollback()
        agree(world.name)

"""Whatever changes in the catalogue, in whatever order: what is stored is the same.

Changes go the whole way, by CKAN's session, the queue and its job; only what they touch
is evaluated. What comes out is compared with an evaluation of everything at the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from helpers.progress import Join, publish
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import jobs
from ckanext.challenge.model import Award, Cohort, Participant, StepStatus
from ckanext.challenge.progress.evaluate import Result, evaluate
from ckanext.challenge.progress.jobs import evaluate_queued

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty")]

#: What can change of a dataset: its values, the first of which it begins with. The
#: owner is the number of an organization.
FIELDS: dict[str, tuple[Any, ...]] = {
    "owner": (0, 1),
    "private": (False, True),
    "state": ("active", "deleted"),
    "license_id": ("etalab-2.0", "notspecified", "cc-by"),
    "notes": ("Court.", "Long. " * 20),
    "format": ("CSV", "PDF"),
    "description": ("", "Une ligne est une séance."),
}
DATASETS = 4


class Change(NamedTuple):
    """One change of a dataset, and whether the job runs right after it."""

    dataset: int
    field: str
    value: Any
    then_work: bool


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    """Changes of different fields, so that every order ends in the same catalogue."""
    places = [(number, name) for number in range(DATASETS) for name in FIELDS]
    chosen = draw(st.lists(st.sampled_from(places), unique=True, max_size=10))
    return [
        Change(number, name, draw(st.sampled_from(FIELDS[name])), draw(st.booleans()))
        for number, name in chosen
    ]


class Catalogue:
    """Two participants, and the datasets that one of them begins with."""

    def __init__(self, organizations: Sequence[str]) -> None:
        self.organizations = organizations
        self.datasets = [publish(organizations[0])["id"] for _ in range(DATASETS)]

    def reset(self) -> None:
        """As at the beginning, with nothing evaluated."""
        for number in range(DATASETS):
            for name, values in FIELDS.items():
                self.set(number, name, values[0])
        for table in (StepStatus, Award):
            model.Session.execute(sa.delete(table))
        model.Session.execute(
            sa.update(Participant).values(steps_done=0, percent=0, measures={})
        )
        model.Session.commit()
        self.forget()

    def forget(self) -> None:
        jobs.forget()

    def set(self, number: int, name: str, value: Any) -> None:
        package: Any = model.Package.get(self.datasets[number])
        if name == "owner":
            package.owner_org = self.organizations[value]
        elif name in ("format", "description"):
            setattr(package.resources_all[0], name, value)
        else:
            setattr(package, name, value)

    def apply(self, some: Sequence[Change]) -> None:
        for change in some:
            self.set(change.dataset, change.field, change.value)
            model.Session.commit()
            if change.then_work:
                evaluate_queued()
        evaluate_queued()


def steps_and_figures() -> Any:
    """What is stored of the participants, but when and by whom."""
    statuses = model.Session.execute(
        sa.select(
            StepStatus.participant_id,
            StepStatus.step,
            StepStatus.state,
            StepStatus.value,
            StepStatus.target,
            StepStatus.why_not,
        ).order_by(StepStatus.participant_id, StepStatus.step)
    )
    figures = model.Session.execute(
        sa.select(
            Participant.id,
            Participant.steps_done,
            Participant.percent,
            Participant.current_phase,
            Participant.late_steps,
            Participant.measures,
        ).order_by(Participant.id)
    )
    return statuses.all(), figures.all()


def badges() -> dict[tuple[str, str], str]:
    """The state of each badge, by organization and key."""
    rows = model.Session.execute(
        sa.select(Award.organization_id, Award.badge, Award.state)
    )
    return {(row[0], row[1]): row[2] for row in rows}


@pytest.fixture
def catalogue(cohort: Cohort, join: Join) -> Catalogue:
    organizations = [factories.Organization()["id"] for _ in range(2)]
    for id_ in organizations:
        join(cohort, id_)
    return Catalogue(organizations)


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_order_of_changes_and_of_evaluations_does_not_matter(
    catalogue: Catalogue, data: st.DataObject
) -> None:
    some = data.draw(changes())
    other = data.draw(st.permutations(some))
    catalogue.reset()
    evaluate()
    catalogue.apply(some)
    found, earned = steps_and_figures(), badges()

    # In another order, and with the job running when it will.
    catalogue.reset()
    evaluate()
    catalogue.apply([change._replace(then_work=False) for change in other])
    assert steps_and_figures() == found

    # All at once, from nothing.
    model.Session.execute(sa.delete(StepStatus))
    model.Session.execute(sa.delete(Award))
    model.Session.commit()
    evaluate()
    assert steps_and_figures() == found
    # On the way badges may have been earned that are kept, or are at risk now.
    assert {key: earned.get(key) for key in badges()} == badges()

    # And again.
    again = evaluate(now=dt.datetime.now(dt.timezone.utc))
    nothing = Result(organizations=again.organizations, seconds=again.seconds)
    assert again == nothing
    assert steps_and_figures() == found

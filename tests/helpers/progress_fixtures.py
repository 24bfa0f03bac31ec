"""Seasons and participants for the tests of progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import day

from benchmarks.jobs import forget
from benchmarks.statements import sent_statements
from ckanext.challenge.applications import onboarding
from ckanext.challenge.model import Cohort, Participant
from helpers.progress import Join, MakeCohort


@pytest.fixture
def redis_is_empty(with_plugins: None, reset_redis: Callable[[], None]) -> None:
    reset_redis()


@pytest.fixture
def make_cohort() -> MakeCohort:
    """A season that runs, launched two months ago."""

    def make(name: str = "saison-2", **fields: Any) -> Cohort:
        cohort = Cohort(
            name=name,
            **{
                "title": "Saison 2",
                "season": 2,
                "programme": "saison",
                "state": "running",
                "application_opens": day(-120),
                "application_deadline": day(-70),
                "launch": day(-60),
                "first_publication": day(30),
                "finalisation": day(120),
                **fields,
            },
        )
        model.Session.add(cohort)
        model.Session.commit()
        return cohort

    return make


@pytest.fixture
def join() -> Join:
    """Make an organization a participant, with its checklist."""

    def do(cohort: Cohort, organization_id: str) -> Participant:
        group = model.Group.get(organization_id)
        assert group is not None
        participant = onboarding.join(cohort, group, "system")
        model.Session.commit()
        forget()
        return participant

    return do


@pytest.fixture
def cohort(make_cohort: MakeCohort) -> Cohort:
    return make_cohort()


@pytest.fixture
def organization() -> dict[str, Any]:
    return factories.Organization(user=factories.User())


@pytest.fixture
def participant(
    cohort: Cohort, organization: dict[str, Any], join: Join
) -> Participant:
    return join(cohort, organization["id"])


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The SQL statements sent while the test runs."""
    with sent_statements() as sent:
        yield sent

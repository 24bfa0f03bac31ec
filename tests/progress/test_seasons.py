"""What counts for which season of an organization that takes part in several."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from ckan import model
from factories import day
from freezegun import freeze_time
from helpers.progress import Join, MakeCohort, held, publish, states

from ckanext.challenge.datasets import search
from ckanext.challenge.model import Cohort, Participant
from ckanext.challenge.progress.evaluate import evaluate

pytestmark = [
    pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty"),
]


def published_on(organization_id: str, date: dt.date) -> str:
    """A dataset that was created at noon of a day."""
    made = publish(organization_id)["id"]
    package: Any = model.Package.get(made)
    package.metadata_created = dt.datetime.combine(date, dt.time(12))
    model.Session.commit()
    return made


def opened(participant: Participant) -> int:
    model.Session.refresh(participant)
    return int(participant.measures["datasets_since_launch"])


@pytest.fixture
def before(make_cohort: MakeCohort) -> Cohort:
    """A season that ended a hundred days ago."""
    return make_cohort(
        "saison-1",
        season=1,
        state="finished",
        launch=day(-300),
        finished_at=dt.datetime.combine(day(-100), dt.time(18), dt.timezone.utc),
    )


def test_each_dataset_is_opened_in_one_season(
    before: Cohort,
    cohort: Cohort,
    make_cohort: MakeCohort,
    join: Join,
    organization: dict[str, Any],
) -> None:
    # Launched before the first one was over.
    between = make_cohort("saison-2-bis", season=2, launch=day(-150))
    for each in (before, between, cohort):
        each.state = "running"
    model.Session.commit()
    rows = [join(each, organization["id"]) for each in (before, between, cohort)]
    before.state = "finished"
    made = [
        published_on(organization["id"], day(offset))
        for offset in (-400, -200, -120, -90, -30)
    ]
    evaluate([organization["id"]])
    # The first season keeps what was opened before its end, though the second had
    # begun; the second is not over, and keeps what came after that.
    assert [opened(row) for row in rows[1:]] == [2, 0]
    assert [search.cohort_of_dataset(id_) for id_ in made] == [
        None,
        "saison-1",
        "saison-1",
        "saison-2-bis",
        "saison-2-bis",
    ]
    # Who left a season is counted in the next.
    rows[1].state = "withdrawn"
    model.Session.commit()
    evaluate()
    assert opened(rows[2]) == 1
    # What was there before still counts for progress.
    assert rows[2].measures["datasets_public"] == 5
    assert states(rows[2].id)["premier-jeu"] == "done"


def test_a_change_of_a_season_that_is_over_is_seen_every_night(
    before: Cohort, cohort: Cohort, join: Join, organization: dict[str, Any]
) -> None:
    before.state = "running"
    join(before, organization["id"])
    before.state = "finished"
    participant = join(cohort, organization["id"])
    published_on(organization["id"], day(-30))
    evaluate()
    assert opened(participant) == 1
    before.finished_at = dt.datetime.now(dt.timezone.utc)
    model.Session.commit()
    assert evaluate().judged == 1
    assert opened(participant) == 0


def test_a_badge_is_not_given_again_before_the_launch(
    cohort: Cohort, make_cohort: MakeCohort, join: Join, organization: dict[str, Any]
) -> None:
    join(cohort, organization["id"])
    published_on(organization["id"], day(-30))
    evaluate()
    assert held(organization["id"]).count("premiere-publication") == 1
    later = make_cohort("saison-3", season=3, state="open", launch=day(3))
    join(later, organization["id"])
    assert evaluate().awards_created == 0
    # From its launch on, the season gives its own: the night sees that it has come.
    with freeze_time(dt.datetime.combine(day(3), dt.time(12))):
        evaluate()
    assert held(organization["id"]).count("premiere-publication") == 2


def test_a_first_badge_may_come_before_the_launch(
    make_cohort: MakeCohort, join: Join, organization: dict[str, Any]
) -> None:
    join(make_cohort(state="open", launch=day(3)), organization["id"])
    publish(organization["id"])
    evaluate()
    assert held(organization["id"]).count("premiere-publication") == 1

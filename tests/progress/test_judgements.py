"""Only what differs is judged, and all that differs is.

Changes are made in SQL, behind the back of whatever notices them: the digests alone
have to tell that something is no longer as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import day as day_of
from helpers.progress import Join, MakeCohort, do, held, make_award, publish, set_state
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.challenge import programmes
from ckanext.challenge.measures import quality
from ckanext.challenge.model import (
    Award,
    Cohort,
    Judgement,
    Participant,
    Standing,
    StepStatus,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.progress import rules
from ckanext.challenge.progress.evaluate import Result, evaluate

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty")]


class World(NamedTuple):
    """An organization in two seasons, and another one that nobody touches.

    :ivar dataset: the id of one of the organization's two datasets
    :ivar user: the id of one of its members
    """

    organization: str
    dataset: str
    user: str
    participant: str
    cohort: str


@pytest.fixture
def world(
    cohort: Cohort, make_cohort: MakeCohort, join: Join, organization: dict[str, Any]
) -> World:
    participant = join(cohort, organization["id"])
    join(make_cohort("saison-3", season=3), organization["id"])
    other = factories.Organization()
    join(cohort, other["id"])
    publish(other["id"], frequency="annual")
    dataset = publish(organization["id"], frequency="annual", license_id="etalab-2.0")
    publish(organization["id"], license_id="notspecified")
    set_state(participant, "elu-referent", "contact-technique")
    return World(
        organization["id"],
        dataset["id"],
        organization["users"][0]["id"],
        participant.id,
        cohort.id,
    )


def sql(statement: str, **values: Any) -> None:
    model.Session.execute(sa.text(statement), values)


#: What may change of a world: how, given a number between 0 and 2.
CHANGES: dict[str, Callable[[World, int], None]] = {
    "a dataset's licence": lambda world, n: sql(
        "UPDATE package SET license_id = :value WHERE id = :id",
        id=world.dataset,
        value=("etalab-2.0", "notspecified", "odc-odbl")[n],
    ),
    "a dataset is hidden or shown": lambda world, n: sql(
        "UPDATE package SET private = :value WHERE id = :id",
        id=world.dataset,
        value=n > 0,
    ),
    "all datasets go or come back": lambda world, n: sql(
        "UPDATE package SET state = :value WHERE owner_org = :id",
        id=world.organization,
        value=("active", "deleted", "draft")[n],
    ),
    "when a dataset changed": lambda world, n: sql(
        "UPDATE package SET metadata_modified = now() + make_interval(days => :days)"
        " WHERE id = :id",
        id=world.dataset,
        days=n,
    ),
    "when a dataset was made": lambda world, n: sql(
        "UPDATE package SET metadata_created = now() - make_interval(days => :days)"
        " WHERE id = :id",
        id=world.dataset,
        days=n * 100,
    ),
    "a file": lambda world, n: sql(
        "UPDATE resource SET format = :value WHERE package_id = :id",
        id=world.dataset,
        value=("CSV", "PDF", "JSON")[n],
    ),
    "the age of a file": lambda world, n: sql(
        "UPDATE resource SET last_modified = now() - make_interval(days => :days)"
        " WHERE package_id = :id",
        id=world.dataset,
        days=n * 300,
    ),
    "the page": lambda world, n: sql(
        'UPDATE "group" SET description = :value WHERE id = :id',
        id=world.organization,
        value=("", "Une commune.", None)[n],
    ),
    "the members": lambda world, n: sql(
        "UPDATE member SET state = :value WHERE table_id = :id",
        id=world.user,
        value=("active", "deleted", "deleted")[n],
    ),
    "the kits": lambda world, n: sql(
        "UPDATE challenge_participant SET kits = CAST(:value AS jsonb) WHERE id = :id",
        id=world.participant,
        value=("[]", '["prenoms"]', '["prenoms", "budget"]')[n],
    ),
    "whether it takes part": lambda world, n: sql(
        "UPDATE challenge_participant SET state = :value WHERE id = :id",
        id=world.participant,
        value=("active", "withdrawn", "completed")[n],
    ),
    "the launch": lambda world, n: sql(
        "UPDATE challenge_cohort SET launch = launch + :days WHERE id = :id",
        id=world.cohort,
        days=n - 1,
    ),
    "the last day": lambda world, n: sql(
        "UPDATE challenge_cohort SET finalisation = current_date + :days"
        " WHERE id = :id",
        id=world.cohort,
        days=(n - 1) * 60,
    ),
    "the state of the season": lambda world, n: sql(
        "UPDATE challenge_cohort SET state = :value WHERE id = :id",
        id=world.cohort,
        value=("running", "open", "finished")[n],
    ),
    "the programme of the season": lambda world, n: sql(
        "UPDATE challenge_cohort SET programme = :value WHERE id = :id",
        id=world.cohort,
        value=("saison", "decouverte", "autrefois")[n],
    ),
    "a step that people set": lambda world, n: sql(
        "UPDATE challenge_step_status SET state = :value"
        " WHERE participant_id = :id AND step = 'elu-referent'",
        id=world.participant,
        value=("done", "todo", "to_confirm")[n],
    ),
    "a step of the catalogue, by hand": lambda world, n: sql(
        "UPDATE challenge_step_status SET state = :value"
        " WHERE participant_id = :id AND step = 'premier-jeu'",
        id=world.participant,
        value=("done", "todo", "waived")[n],
    ),
    "a step is gone": lambda world, n: sql(
        "DELETE FROM challenge_step_status"
        " WHERE participant_id = :id AND step = 'premier-jeu'",
        id=world.participant,
    ),
    "figures, by hand": lambda world, n: sql(
        "UPDATE challenge_participant SET percent = :value WHERE id = :id",
        id=world.participant,
        value=n * 50,
    ),
    "badges, by hand": lambda world, n: sql(
        "UPDATE challenge_award SET state = :state, lost_on = current_date + :days,"
        " revoked_source = :source WHERE organization_id = :id",
        id=world.organization,
        state=("active", "at_risk", "revoked")[n],
        days=n * 9,
        source=(None, None, "person")[n],
    ),
    "badges are gone": lambda world, n: sql(
        "DELETE FROM challenge_award WHERE organization_id = :id",
        id=world.organization,
    ),
    "where it stands, by hand": lambda world, n: sql(
        "UPDATE challenge_standing SET why_not = CAST(:value AS jsonb)"
        " WHERE organization_id = :id",
        id=world.organization,
        value=("{}", '{"donnees-fraiches": []}', '{"x": []}')[n],
    ),
    "where it stands is gone": lambda world, n: sql(
        "DELETE FROM challenge_standing WHERE organization_id = :id",
        id=world.organization,
    ),
    "its digest is gone": lambda world, n: sql(
        "DELETE FROM challenge_judgement WHERE organization_id = :id",
        id=world.organization,
    ),
}


def stored() -> list[Any]:
    """All that evaluations write, but for ids and for when."""
    models: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (Participant, ("evaluated_at",)),
        (StepStatus, ("updated_at",)),
        (Award, ("id", "awarded_at", "revoked_at")),
        (Standing, ("evaluated_at",)),
    )
    model.Session.rollback()
    return [
        sorted(
            str(tuple(row))
            for row in model.Session.execute(
                sa.select(*(c for c in kind.__table__.c if c.name not in without))
            )
        )
        for kind, without in models
    ]


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(sorted(CHANGES)),
            st.integers(0, 2),
            # The days that pass before the next evaluation, if there is one.
            st.one_of(st.none(), st.sampled_from((0, 1, 40))),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_changes_nothing_is_left_to_a_full_evaluation(
    world: World, changes: list[tuple[str, int, int | None]]
) -> None:
    now = utcnow()
    for name, number, days in changes:
        CHANGES[name](world, number)
        model.Session.commit()
        if days is not None:
            now += dt.timedelta(days=days)
            evaluate(now=now)
    evaluate(now=now)
    found = stored()
    full = evaluate(full=True, now=now)
    assert full.judged == full.organizations
    assert (full.steps_changed, full.awards_created, full.awards_revoked) == (0, 0, 0)
    assert stored() == found


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_one_that_differs_is_judged_and_no_other(world: World, name: str) -> None:
    evaluate()
    assert evaluate().judged == 0
    # Of what two of the numbers change, one is a change.
    judged = 0
    for number in (1, 2):
        CHANGES[name](world, number)
        model.Session.commit()
        judged += evaluate().judged
    # Another organization takes part in the season.
    of_cohort = ("season", "launch", "last day")
    expected = (2, 4) if any(part in name for part in of_cohort) else (1, 2)
    assert judged in expected


def test_nothing_is_judged_where_nothing_changed(world: World) -> None:
    first = evaluate()
    assert first.judged == first.organizations == 2
    found = stored()
    again = evaluate()
    assert again == Result(organizations=2, seconds=again.seconds)
    assert stored() == found


def test_whoever_names_an_organization_has_it_judged(world: World) -> None:
    evaluate()
    assert evaluate([world.organization]).judged == 1
    assert evaluate(cohort_ids=[world.cohort]).judged == 2
    assert evaluate(full=True).judged == 2


def test_a_new_day_alone_is_no_reason(world: World) -> None:
    # Tomorrow a step is late that is due today.
    evaluate(now=utcnow() + dt.timedelta(days=1))
    assert evaluate(now=utcnow() + dt.timedelta(days=2)).judged == 0


def test_the_day_on_which_a_step_is_late_is(
    make_cohort: MakeCohort, join: Join, organization: dict[str, Any]
) -> None:
    cohort = make_cohort()
    participant = join(cohort, organization["id"])
    evaluate()
    late = participant.late_steps
    due = rules.read(day_of()).cohorts[cohort.id].due
    days = min((day - day_of()).days for day in due.values() if day and day > day_of())
    # A day is on time, the next is late.
    evaluate(now=utcnow() + dt.timedelta(days=days))
    assert evaluate(now=utcnow() + dt.timedelta(days=days + 1)).judged == 1
    model.Session.refresh(participant)
    assert participant.late_steps > late


def test_the_day_on_which_a_badge_is_lost_is(organization: dict[str, Any]) -> None:
    dataset = publish(organization["id"], frequency="annual")
    evaluate()
    do("package_patch", id=dataset["id"], private=True)
    now = utcnow()
    evaluate(now=now)
    assert held(organization["id"]) == ["donnees-fraiches"]
    assert evaluate(now=now + dt.timedelta(days=29)).judged == 0
    lost = evaluate(now=now + dt.timedelta(days=30))
    assert (lost.judged, lost.awards_revoked) == (1, 1)


def test_the_moment_at_which_a_file_is_no_longer_fresh_is(
    organization: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(organization["id"], frequency="annual")
    evaluate()
    soon = quality.now() + dt.timedelta(days=300)
    monkeypatch.setattr(quality, "now", lambda: soon)
    assert evaluate().judged == 0
    late = quality.now() + dt.timedelta(days=100)
    monkeypatch.setattr(quality, "now", lambda: late)
    assert evaluate().judged == 1


def test_the_portal_s_programmes_are(
    organization: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(organization["id"], frequency="annual")
    evaluate()
    monkeypatch.setattr(programmes, "badges_without_cohort", tuple)
    assert evaluate().judged == 1


@pytest.mark.ckan_config("ckan.display_timezone", "Europe/Paris")
def test_the_portal_s_time_zone_is(
    world: World, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate()
    monkeypatch.setitem(ckan_config, "ckan.display_timezone", "Pacific/Auckland")
    assert evaluate().judged == 2


def test_an_error_is_told_every_time(world: World) -> None:
    CHANGES["the programme of the season"](world, 2)
    model.Session.commit()
    errors = ("saison-2: there is no programme autrefois",)
    assert evaluate().errors == errors
    again = evaluate()
    assert (again.judged, again.errors) == (0, errors)


def test_an_award_that_a_person_gives_meanwhile_is_seen_the_next_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate()
    make_award(world.organization, "ambassadrice", cohort_id=world.cohort)
    model.Session.commit()
    assert evaluate().judged == 1
    assert evaluate().judged == 0


def test_purging_the_organization_takes_its_digest_along(
    organization: dict[str, Any],
) -> None:
    evaluate()
    assert model.Session.query(Judgement).count() == 1
    do("organization_purge", id=organization["id"])
    assert model.Session.query(Judgement).count() == 0

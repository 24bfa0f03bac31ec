"""From a change in the catalogue to stored progress, by the queue and its job."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ckan import model
from ckan.lib import jobs
from ckan.lib import redis as ckan_redis
from ckan.model import meta
from ckan.tests import factories
from helpers.progress import Join, do, held, publish, queued, states, work

from benchmarks.jobs import forget
from ckanext.challenge.model import Cohort, Conformity, Participant
from ckanext.challenge.progress import changes, queue, store
from ckanext.challenge.progress.jobs import evaluate_queued, evaluate_soon

pytestmark = [
    pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty"),
]


def waiting() -> set[str]:
    """The organizations that wait for an evaluation; they wait no longer then."""
    taken = queue.take()
    found = taken.organizations | store.organizations_of(
        taken.users, taken.datasets, taken.resources
    )
    forget()
    return found


@pytest.fixture
def other(cohort: Cohort, join: Join) -> Participant:
    """A second participant."""
    return join(cohort, factories.Organization(user=factories.User())["id"])


def test_from_publishing_to_the_badge(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"])
    assert queued()
    assert work() == 1
    assert states(participant.id)["premier-jeu"] == "done"
    assert "premiere-publication" in held(organization["id"])
    assert not queued()


def test_a_burst_of_changes_is_one_job(
    participant: Participant, organization: dict[str, Any]
) -> None:
    for _ in range(5):
        publish(organization["id"])
    assert queued() == 1
    assert work() == 1
    row = model.Session.get(Participant, participant.id)
    assert row is not None
    assert row.measures["datasets_public"] == 5


@pytest.mark.parametrize(
    "change",
    [
        {"private": True},
        {"state": "deleted"},
        {"title": "Autre titre"},
        {"license_id": "etalab-2.0"},
        {"resources": []},
    ],
)
def test_every_change_of_a_dataset_is_noticed(
    participant: Participant, organization: dict[str, Any], change: dict[str, Any]
) -> None:
    dataset = publish(organization["id"])
    waiting()
    do("package_patch", id=dataset["id"], **change)
    assert waiting() == {organization["id"]}


def test_deleting_and_purging_a_dataset(
    participant: Participant, organization: dict[str, Any]
) -> None:
    dataset = publish(organization["id"])
    work()
    do("package_delete", id=dataset["id"])
    work()
    assert states(participant.id)["premier-jeu"] == "todo"
    dataset = publish(organization["id"])
    work()
    assert states(participant.id)["premier-jeu"] == "done"
    do("dataset_purge", id=dataset["id"])
    work()
    assert states(participant.id)["premier-jeu"] == "todo"


@pytest.mark.parametrize("action", ["package_patch", "package_owner_org_update"])
def test_moving_a_dataset_touches_both_organizations(
    participant: Participant,
    other: Participant,
    organization: dict[str, Any],
    action: str,
) -> None:
    dataset = publish(organization["id"])
    work()
    there = "owner_org" if action == "package_patch" else "organization_id"
    do(action, id=dataset["id"], **{there: other.organization_id})
    work()
    assert states(participant.id)["premier-jeu"] == "todo"
    assert states(other.id)["premier-jeu"] == "done"


@pytest.mark.parametrize("action", ["private", "public", "delete"])
def test_bulk_actions_of_ckan(
    participant: Participant, organization: dict[str, Any], action: str
) -> None:
    datasets = [publish(organization["id"])["id"] for _ in range(2)]
    if action == "public":
        for id_ in datasets:
            do("package_patch", id=id_, private=True)
    waiting()
    do(f"bulk_update_{action}", datasets=datasets, org_id=organization["id"])
    assert waiting() == {organization["id"]}


def test_adding_and_removing_a_member(
    participant: Participant, organization: dict[str, Any]
) -> None:
    colleague = factories.User()
    member = {
        "id": organization["id"],
        "object": colleague["id"],
        "object_type": "user",
    }
    do("member_create", **member, capacity="editor")
    work()
    assert states(participant.id)["deux-membres"] == "done"
    do("member_delete", **member)
    work()
    assert states(participant.id)["deux-membres"] == "todo"


def test_an_invited_member_who_logs_in_for_the_first_time(
    participant: Participant, organization: dict[str, Any]
) -> None:
    colleague = factories.User()
    user = model.User.get(colleague["id"])
    assert user is not None
    user.state = "pending"
    model.Session.commit()
    member = {
        "id": organization["id"],
        "object": colleague["id"],
        "object_type": "user",
    }
    do("member_create", **member, capacity="editor")
    work()
    assert states(participant.id)["deux-membres"] == "todo"
    user = model.User.get(colleague["id"])
    assert user is not None
    user.activate()
    model.Session.commit()
    work()
    assert states(participant.id)["deux-membres"] == "done"


def test_editing_the_page_of_an_organization(
    participant: Participant, organization: dict[str, Any]
) -> None:
    do("organization_patch", id=organization["id"], website="https://example.org/")
    assert waiting() == {organization["id"]}


def test_a_file_that_was_checked_against_its_schema(
    participant: Participant, organization: dict[str, Any]
) -> None:
    dataset = publish(
        organization["id"],
        resources=[
            {
                "url": "https://example.org/a.csv",
                "format": "CSV",
                "schema": "scdl/deliberations",
            }
        ],
    )
    work()
    # A link is not checked yet: its report says so. This one is of an upload.
    model.Session.query(Conformity).delete()
    model.Session.add(
        Conformity(
            resource_id=dataset["resources"][0]["id"],
            schema="scdl/deliberations",
            status="valid",
        )
    )
    model.Session.commit()
    work()
    assert states(participant.id)["jeu-conforme"] == "done"


def test_a_season_whose_dates_change_is_evaluated_anew(
    participant: Participant, organization: dict[str, Any], cohort: Cohort
) -> None:
    do("challenge_evaluate", all=True)
    assert participant.late_steps > 0
    cohort.launch = cohort.first_publication = None
    model.Session.commit()
    work()
    model.Session.expire_all()
    assert participant.late_steps == 0


def test_what_is_rolled_back_is_not_queued(
    participant: Participant, organization: dict[str, Any]
) -> None:
    group = model.Group.get(organization["id"])
    assert group is not None
    group.title = "Un autre titre"
    model.Session.flush()
    model.Session.rollback()
    model.Session.commit()
    assert not queued()


def test_what_a_savepoint_released_waits_for_the_commit(
    participant: Participant, organization: dict[str, Any]
) -> None:
    group = model.Group.get(organization["id"])
    assert group is not None
    with model.Session.begin_nested():
        group.title = "Un autre titre"
    assert not queued()
    model.Session.commit()
    assert queued()


def test_a_change_during_the_evaluation_makes_another_job(
    participant: Participant,
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(organization["id"])
    taken = queue.take
    came = iter([True, False])

    def take_then_change() -> queue.References:
        found = taken()
        if next(came):
            evaluate_soon([f"organization:{organization['id']}"])
        return found

    monkeypatch.setattr(queue, "take", take_then_change)
    work()
    # Both ran: the first had begun when the change came.
    assert next(came, None) is None
    assert not queued()


def test_what_a_killed_worker_had_taken_is_taken_again(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"])
    queue.take()  # and then the worker dies
    jobs.get_queue().empty()
    evaluate_queued()
    assert states(participant.id)["premier-jeu"] == "done"


def test_a_failed_evaluation_keeps_nobody_waiting(
    participant: Participant,
    organization: dict[str, Any],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(organization["id"])
    with monkeypatch.context() as patch:
        patch.setitem(
            ckan_config, "ckanext.challenge.programmes", ["no/such/file.yaml"]
        )
        work()
    assert states(participant.id)["premier-jeu"] == "todo"
    assert not queued()
    # The next change, of whatever organization, makes good for it.
    factories.Organization()
    work()
    assert states(participant.id)["premier-jeu"] == "done"


@pytest.fixture
def redis_is_down(ckan_config: dict[str, Any]) -> Iterator[None]:
    """CKAN's Redis at an address where nobody listens."""
    url = ckan_config["ckan.redis.url"]
    pool = ckan_redis._connection_pool
    ckan_config["ckan.redis.url"] = "redis://127.0.0.1:1/0"
    ckan_redis._connection_pool = None
    yield
    ckan_config["ckan.redis.url"] = url
    ckan_redis._connection_pool = pool


def test_without_redis_ckan_saves_and_the_night_catches_up(
    participant: Participant,
    organization: dict[str, Any],
    redis_is_down: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Reading test.ini switches off the loggers that a conftest had already made.
    monkeypatch.setattr(queue.log, "disabled", False)
    with caplog.at_level(logging.WARNING, "ckanext.challenge"):
        dataset = publish(organization["id"])
    assert model.Package.get(dataset["id"]) is not None
    assert "Redis cannot be reached" in caplog.text
    assert states(participant.id)["premier-jeu"] == "todo"
    do("challenge_evaluate", all=True)
    assert states(participant.id)["premier-jeu"] == "done"


def test_the_job_waits_for_a_quiet_moment(
    participant: Participant,
    organization: dict[str, Any],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.evaluation_delay", 1)
    changed = time.time()
    publish(organization["id"])
    queue.settle()
    assert time.time() - changed >= 1
    # Nothing has changed since: the next job does not wait at all.
    slept: list[float] = []
    monkeypatch.setattr(queue.time, "sleep", slept.append)
    queue.settle()
    assert slept == []


def test_the_listener_is_there_once() -> None:
    """Loading the plugin again, as tests do, does not note things twice."""
    changes.listener.listen()
    changes.listener.listen()
    listeners = list(meta.Session().dispatch.after_commit)
    assert listeners.count(changes.listener._after_commit) == 1

"""The queue of background jobs, and the jobs that the version before left in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.lib import jobs as ckan_jobs
from ckan.lib.redis import connect_to_redis
from helpers.progress import publish, states
from rq.registry import FailedJobRegistry

from benchmarks.jobs import forget
from ckanext.challenge.common import jobs
from ckanext.challenge.model import Participant
from portal.paths import ROOT
from portal.process import dies_with_parent

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty")


@pytest.fixture(autouse=True)
def no_job_is_left() -> Iterator[None]:
    forget()
    yield
    forget()


def work(*arguments: str) -> None:
    """A job that nobody runs here."""


def waiting() -> list[list[str]]:
    """The arguments of the jobs that wait."""
    return [[*job.args] for job in ckan_jobs.get_queue().jobs]


def test_a_job_waits_once() -> None:
    for _ in range(3):
        assert jobs.enqueue_once(work, title="Work")
    assert waiting() == [[]]


def test_jobs_of_other_arguments_wait_beside_it() -> None:
    for argument in ("a", "b", "a"):
        assert jobs.enqueue_once(work, argument, title="Work")
    assert sorted(waiting()) == [["a"], ["b"]]


def test_what_comes_after_it_began_makes_another_one() -> None:
    jobs.enqueue_once(work, "a", title="Work")
    jobs.begun(work, "a")
    jobs.enqueue_once(work, "a", title="Work")
    assert waiting() == [["a"], ["a"]]


def test_one_that_is_lost_keeps_nobody_waiting_for_long() -> None:
    jobs.enqueue_once(work, title="Work")
    (marker,) = connect_to_redis().keys("*:waits:*")
    assert 0 < connect_to_redis().ttl(marker) <= jobs.LOST_AFTER


def test_one_that_cannot_be_queued_leaves_no_marker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "enqueue", lambda *_, **__: False)
    assert not jobs.enqueue_once(work, title="Work")
    monkeypatch.undo()
    assert jobs.enqueue_once(work, title="Work")
    assert waiting() == [[]]


def test_a_job_without_a_guard_is_queued_each_time() -> None:
    for _ in range(2):
        assert jobs.enqueue(work, "a", title="Work")
    assert waiting() == [["a"], ["a"]]


#: What the version before may have left in the queue, by the path that RQ keeps.
OLD_PATHS = (
    "ckanext.challenge.jobs.evaluate_queued",
    "ckanext.challenge.search.index_again",
    "ckanext.challenge.notifications.outbox.send_queued",
    "ckanext.challenge.credentials.jobs.sign_missing",
    "ckanext.challenge.conformity.jobs.check_resource",
)


def test_jobs_of_the_version_before_are_run_by_a_worker(
    participant: Participant, organization: dict[str, Any]
) -> None:
    dataset = publish(organization["id"])
    queue = ckan_jobs.get_queue()
    queue.empty()
    arguments = {
        "ckanext.challenge.search.index_again": [organization["id"]],
        "ckanext.challenge.conformity.jobs.check_resource": [
            dataset["resources"][0]["id"]
        ],
    }
    for path in OLD_PATHS:
        queue.enqueue_call(path, args=arguments.get(path, []))
    ckan = Path(sys.executable).parent / "ckan"
    subprocess.run(
        dies_with_parent(
            [str(ckan), "-c", str(ROOT / "test.ini"), "jobs", "worker", "--burst"]
        ),
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=180,
    )
    assert len(queue) == 0
    assert FailedJobRegistry(queue=queue).get_job_ids() == []
    model.Session.expire_all()
    assert states(participant.id)["premier-jeu"] == "done"

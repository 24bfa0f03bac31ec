"""What may happen to an organization or to a worker: pages and jobs keep working."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ckan import model, plugins
from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis
from ckan.model import ensure_engine
from ckan.tests import factories
from helpers.progress import do, held, publish, queued, states, work
from sqlalchemy.exc import DBAPIError

from ckanext.challenge import config
from ckanext.challenge.common import set_aside
from ckanext.challenge.model import Award, Participant
from ckanext.challenge.progress import evaluate, store
from ckanext.challenge.progress.jobs import evaluate_queued

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty")]


@pytest.fixture
def pages(app: Any) -> Callable[[str], dict[str, int]]:
    """What the pages around a participant answer, for a sysadmin, by their address."""
    token = factories.SysadminWithToken()["token"]

    def ask(organization: str) -> dict[str, int]:
        paths = (
            "/challenge",
            "/challenge/saison-2",
            "/challenge/saison-2/data",
            "/challenge/badges/premiere-publication",
            "/challenge/manage/saison-2",
            f"/challenge/saison-2/{organization}",
            f"/challenge/badge/{organization}.svg?cohort=saison-2",
        )
        headers = {"Authorization": token}
        return {
            path: app.get(path, headers=headers, follow_redirects=False).status_code
            for path in paths
        }

    return ask


def test_a_renamed_organization_keeps_its_progress(
    participant: Participant,
    organization: dict[str, Any],
    pages: Callable[[str], dict[str, int]],
) -> None:
    publish(organization["id"])
    do("organization_patch", id=organization["id"], name="autre-nom")
    work()
    assert states(participant.id)["premier-jeu"] == "done"
    assert set(pages("autre-nom").values()) == {200}
    award = model.Session.query(Award).filter_by(badge="premiere-publication").one()
    assert do("challenge_award_show", id=award.id)["organization_name"] == "autre-nom"


def test_a_deleted_organization_comes_back_as_it_was(
    participant: Participant,
    organization: dict[str, Any],
    pages: Callable[[str], dict[str, int]],
) -> None:
    dataset = publish(organization["id"])
    work()
    do("package_delete", id=dataset["id"])
    do("organization_delete", id=organization["id"])
    work()
    answers = pages(organization["name"])
    own = [path for path in answers if organization["name"] in path]
    assert {answers.pop(path) for path in own} <= {200, 404}
    assert set(answers.values()) == {200}
    do("organization_patch", id=organization["id"], state="active")
    do("package_patch", id=dataset["id"], state="active")
    work()
    assert states(participant.id)["premier-jeu"] == "done"
    assert "premiere-publication" in held(organization["id"])
    assert set(pages(organization["name"]).values()) == {200}


def test_a_purged_organization_leaves_nothing_that_breaks(
    participant: Participant,
    organization: dict[str, Any],
    pages: Callable[[str], dict[str, int]],
) -> None:
    dataset = publish(organization["id"])
    work()
    publish(organization["id"], name="encore")
    do("dataset_purge", id="encore")
    do("dataset_purge", id=dataset["id"])
    do("organization_purge", id=organization["id"])
    # What waits names an organization and datasets that are there no more.
    assert work() == 1
    assert not queued()
    answers = pages(organization["name"])
    own = [path for path in answers if organization["name"] in path]
    assert {answers.pop(path) for path in own} == {404}
    assert set(answers.values()) == {200}


def test_a_job_that_is_killed_in_the_middle_is_done_by_the_next(
    participant: Participant,
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real process, killed when half of what it found is written."""
    publish(organization["id"])
    jobs.get_queue().empty()
    model.Session.remove()
    child = os.fork()
    if child == 0:
        # The connections are the parent's: this process makes its own.
        ensure_engine().dispose(close=False)
        monkeypatch.setattr(
            store, "save_participants", lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        )
        try:
            evaluate_queued()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    # Of one transaction nothing is left.
    assert states(participant.id)["premier-jeu"] == "todo"
    evaluate_queued()
    assert states(participant.id)["premier-jeu"] == "done"
    assert not queued()


@pytest.mark.parametrize("broken", [b"organization:\x00", b"organization:\xff"])
def test_what_keeps_failing_is_set_aside(
    participant: Participant,
    organization: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    broken: bytes,
) -> None:
    # CKAN's commands turn off the loggers that were there before them.
    monkeypatch.setattr(set_aside.log, "disabled", False)
    publish(organization["id"])
    jobs.get_queue().empty()
    redis = connect_to_redis()
    redis.sadd(config.redis_key("evaluate", "waiting"), broken)
    for _ in range(3):
        with pytest.raises(ValueError):
            evaluate_queued()
        model.Session.rollback()
    evaluate_queued()
    assert states(participant.id)["premier-jeu"] == "done"
    assert "Set aside after it failed" in caplog.text
    (line,) = set_aside.listed()
    assert "organization:" in line
    assert not redis.exists(
        config.redis_key("evaluate", "taken"), config.redis_key("evaluate", "tries")
    )
    redis.delete(config.redis_key("set-aside"))
    evaluate_queued()
    assert set_aside.listed() == []


def _failed_three_times(reference: str) -> None:
    redis = connect_to_redis()
    redis.sadd(config.redis_key("evaluate", "waiting"), reference)
    redis.hset(config.redis_key("evaluate", "tries"), reference, 3)


def test_what_no_worker_survives_is_set_aside(
    participant: Participant,
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three workers die over one organization alone; the fourth goes on without."""
    reference = f"organization:{organization['id']}"
    _failed_three_times(reference)
    for _ in range(3):
        model.Session.remove()
        child = os.fork()
        if child == 0:
            ensure_engine().dispose(close=False)
            monkeypatch.setattr(
                store, "lock", lambda *_: os.kill(os.getpid(), signal.SIGKILL)
            )
            try:
                evaluate_queued()
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert set_aside.listed() == []
    evaluate_queued()
    (line,) = set_aside.listed()
    assert reference in line
    assert "the worker was killed" in line


def test_a_database_that_is_down_sets_nothing_aside(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"])
    jobs.get_queue().empty()
    _failed_three_times(f"organization:{organization['id']}")
    model.Session.remove()
    with ensure_engine().begin() as connection:
        connection.exec_driver_sql("ALTER TABLE challenge_award RENAME TO elsewhere")
    try:
        with pytest.raises(DBAPIError):
            evaluate_queued()
    finally:
        model.Session.remove()
        with ensure_engine().begin() as connection:
            connection.exec_driver_sql(
                "ALTER TABLE elsewhere RENAME TO challenge_award"
            )
    assert set_aside.listed() == []
    evaluate_queued()
    assert states(participant.id)["premier-jeu"] == "done"


def test_sysadmins_see_what_was_set_aside(app: Any, with_plugins: None) -> None:
    set_aside.note("organization:abc", ValueError("secret"))
    token = factories.SysadminWithToken()["token"]
    page = app.get("/challenge/manage", headers={"Authorization": token})
    assert "organization:abc" in page.get_data(as_text=True)
    assert "secret" not in page.get_data(as_text=True)


@pytest.fixture
def without_index(with_plugins: None) -> Iterator[None]:
    """CKAN 2.11 writes each change to Solr as it commits: 70 ms that are not ours."""
    name = "synchronous_search"
    there = plugins.plugin_loaded(name)
    if there:
        plugins.unload(name)
    yield
    if there:
        plugins.load(name)


def test_a_thousand_changes_are_three_evaluations_at_most(
    participant: Participant,
    organization: dict[str, Any],
    ckan_config: dict[str, Any],
    without_index: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.evaluation_delay", 2)
    publish(organization["id"])
    evaluations: list[set[str]] = []
    really = evaluate.evaluate

    def counted(organization_ids: Any, **whom: Any) -> evaluate.Result:
        evaluations.append(set(organization_ids))
        return really(organization_ids, **whom)

    monkeypatch.setattr(evaluate, "evaluate", counted)

    def change() -> None:
        resource: Any = model.Session.query(model.Resource).one()
        for number in range(1000):
            resource.description = f"Ligne {number}"
            model.Session.commit()
        model.Session.remove()

    editor = threading.Thread(target=change)
    editor.start()
    # The worker is there all the while.
    while editor.is_alive():
        work()
    editor.join()
    work()
    assert 1 <= len(evaluations) <= 3
    assert all(ids == {organization["id"]} for ids in evaluations)
    assert not queued()
    assert states(participant.id)["premier-jeu"] == "done"

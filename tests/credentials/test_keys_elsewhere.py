"""Keys on some nodes only: the others leave signing to those, and fail nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import rq
from ckan.cli.cli import ckan as ckan_command
from ckan.lib import jobs as background
from ckan.lib.redis import connect_to_redis
from rq import SimpleWorker

from benchmarks.jobs import forget
from ckanext.challenge.common import jobs as common_jobs
from ckanext.challenge.credentials import jobs, store
from ckanext.challenge.doctor import facts
from ckanext.challenge.model import Award, SigningKey

Give = Callable[..., Award]


@pytest.fixture
def elsewhere(key: SigningKey, folder: Path, tmp_path: Path) -> Callable[[], None]:
    """The private key is on another node; calling it brings it here."""
    there, here = tmp_path / "other-node.pem", folder / f"{key.id}.pem"
    here.rename(there)
    forget()
    return lambda: there.rename(here) and None


def _waits() -> int:
    return len(background.get_queue(jobs.QUEUE))


def _work() -> None:
    """A worker of the node that has the key does what waits there."""
    queue = background.get_queue(jobs.QUEUE)
    SimpleWorker([queue], connection=connect_to_redis()).work(burst=True)


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common_jobs, "listening", lambda: {"default", jobs.QUEUE})


@pytest.mark.usefixtures("listening", "clean_queues")
def test_who_has_no_key_leaves_it_to_those_who_have(
    give: Give, elsewhere: Callable[[], None]
) -> None:
    award = give()
    jobs.sign_missing()
    assert store.waiting() == 1
    # However often one is asked, it waits there once.
    assert jobs.sign().left
    assert _waits() == 1
    elsewhere()
    _work()
    assert store.waiting() == 0
    shown = tk.get_action("challenge_credential_show")(
        {"user": ""}, {"award": award.id}
    )
    assert shown["document"]


@pytest.mark.usefixtures("listening", "clean_queues")
def test_the_nightly_command_of_a_node_without_the_key_is_no_failure(
    give: Give, elsewhere: Callable[[], None], cli: Any
) -> None:
    give()
    result = cli.invoke(ckan_command, ["challenge", "evaluate", "--all"])
    assert result.exit_code == 0, result.output
    assert "left to a worker that has the key" in result.output
    assert _waits() == 1


@pytest.mark.usefixtures("clean_queues")
def test_where_nobody_listens_it_is_said(
    give: Give, elsewhere: Callable[[], None]
) -> None:
    give()
    outcome = jobs.sign()
    assert not outcome.left
    assert "There is no" in str(outcome.problem)
    assert _waits() == 0
    found = facts.signatures()
    assert (found.verdict, found.code) == ("todo", "nobody")


@pytest.mark.usefixtures("listening", "clean_queues")
def test_who_listens_without_a_key_asks_nobody_again(
    give: Give, elsewhere: Callable[[], None]
) -> None:
    give()
    jobs.sign_missing()
    _work()
    assert _waits() == 0
    assert store.waiting() == 1


@pytest.mark.usefixtures("with_plugins", "clean_queues")
def test_a_worker_that_lives_is_seen_to_listen() -> None:
    assert jobs.QUEUE not in common_jobs.listening()
    worker = rq.Worker(
        [background.get_queue(jobs.QUEUE)], connection=connect_to_redis()
    )
    worker.register_birth()
    try:
        assert jobs.QUEUE in common_jobs.listening()
    finally:
        worker.register_death()
    assert jobs.QUEUE not in common_jobs.listening()


@pytest.mark.usefixtures("clean_queues")
def test_pages_need_no_key(
    give: Give, elsewhere: Callable[[], None], app: Any, folder: Path
) -> None:
    award = give()
    folder.rmdir()
    for path in (
        f"/challenge/awards/{award.id}",
        f"/challenge/credentials/{award.id}.json",
        "/.well-known/did.json",
    ):
        assert app.get(path).status_code in (200, 404), path
    assert app.get(f"/challenge/awards/{award.id}").status_code == 200

"""A portal that ran the version before: its rows, its jobs and its pages.

The dumps were made by that version with ``ckan challenge demo load``, one on each CKAN.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ckan
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as command
from ckan.lib import jobs
from helpers.browser import PASSWORD, Browser
from rq import SimpleWorker
from rq.registry import FailedJobRegistry
from sqlalchemy.orm import close_all_sessions

from ckanext.challenge.model import Application, Award, Cohort, Participant

HERE = Path(__file__).parent / "upgrade"
DUMP = HERE / f"0004-ckan-{'.'.join(ckan.__version__.split('.')[:2])}.sql.gz"

#: What the version before may have left in its queue, by the path that RQ stored.
JOBS: dict[str, str | None] = {
    "ckanext.challenge.jobs.evaluate_queued": None,
    "ckanext.challenge.notifications.outbox.send_queued": None,
    "ckanext.challenge.credentials.jobs.sign_missing": None,
    "ckanext.challenge.conformity.jobs.check_resource": "resource",
    "ckanext.challenge.search.index_again": "package",
}


def _empty() -> None:
    close_all_sessions()
    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))


@pytest.fixture
def before(
    with_plugins: None, clean_db: None, clean_index: None, cli: Any
) -> Iterator[None]:
    """The database as the version before left it, with this version's code."""
    dumped = gzip.decompress(DUMP.read_bytes()).decode()
    # Lines for psql, which a server does not take.
    statements = "".join(
        line for line in dumped.splitlines(keepends=True) if not line.startswith("\\")
    )
    _empty()
    connection = model.ensure_engine().raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(statements)
        cursor.execute("SET search_path TO public")
        connection.commit()
    finally:
        connection.close()
    yield
    _empty()
    # The next test that asks for a database makes its tables.
    model.repo.tables_created_and_initialised = False
    cli.invoke(command, ["db", "upgrade"])


def _upgrade(cli: Any) -> None:
    result = cli.invoke(command, ["db", "upgrade", "-p", "challenge"])
    assert result.exit_code == 0, result.output


def _counts() -> dict[str, int]:
    model.Session.rollback()
    kinds = (Application, Award, Cohort, Participant)
    return {kind.__name__: model.Session.query(kind.id).count() for kind in kinds}


@pytest.mark.usefixtures("before")
def test_its_rows_are_kept_and_its_pages_answer(
    cli: Any, app: Any, browser_of: Callable[[str], Any]
) -> None:
    kept = _counts()
    assert all(kept.values())
    _upgrade(cli)
    assert _counts() == kept
    pages = ["/challenge", "/challenge/badges", "/challenge/kits", "/organization/"]
    for cohort in model.Session.query(Cohort).filter(Cohort.state != "draft"):
        pages += [f"/challenge/{cohort.name}", f"/challenge/{cohort.name}/data"]
    taking_part = (
        model.Session.query(Cohort.name, model.Group.name)
        .join(Participant, Participant.cohort_id == Cohort.id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .filter(Cohort.state != "draft")
    )
    for cohort, organization in taking_part.limit(6):
        pages += [
            f"/challenge/{cohort}/{organization}",
            f"/organization/{organization}",
        ]
    pages += [
        f"/challenge/awards/{id_}" for (id_,) in model.Session.query(Award.id).limit(3)
    ]
    for page in pages:
        assert app.get(page).status_code == 200, page
    manager = browser_of("sysadmin")
    manages = ["/challenge/manage"]
    for (name,) in model.Session.query(Cohort.name):
        manages.append(f"/challenge/manage/{name}?tab=participants")
        manages.append(f"/challenge/manage/{name}/applications")
    for page in manages:
        assert manager.get(page).status_code == 200, page


@pytest.fixture
def browser_of(app: Any) -> Callable[[str], Any]:
    """Signs somebody in with a password that this test gives them."""

    def make(role: str) -> Browser:
        user = (
            model.Session.query(model.User)
            .filter_by(sysadmin=role == "sysadmin", state="active")
            .filter(model.User.name != os.environ.get("CKAN_SITE_ID", "challenge.test"))
            .first()
        )
        assert user is not None
        user.password = PASSWORD
        model.Session.commit()
        return Browser(app).sign_in({"name": user.name})

    return make


@pytest.mark.usefixtures("before")
def test_its_jobs_still_run(cli: Any, mailbox: Any) -> None:
    _upgrade(cli)
    queue = jobs.get_queue()
    owner = model.Session.query(Participant.organization_id).first()
    assert owner is not None
    resource = model.Session.query(model.Resource.id).first()
    assert resource is not None
    ids = {"resource": resource[0], "package": owner[0]}
    for path, argument in JOBS.items():
        arguments = [ids[argument]] if argument else []
        queue.enqueue_call(path, args=arguments)
    SimpleWorker([queue], connection=queue.connection).work(burst=True)
    failed = FailedJobRegistry(queue=queue)
    told = [
        failed.job_class.fetch(id_, queue.connection) for id_ in failed.get_job_ids()
    ]
    assert [job.func_name for job in told] == []
    assert len(queue) == 0

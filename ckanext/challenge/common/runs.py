"""What should work every day says that it did; who asks is told since when it has not.

The database keeps it, and not Redis: that Redis is away is one of the reasons for which
nothing works.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from ckanext.challenge.model import Run
from ckanext.challenge.model.base import utcnow

from . import jobs, nodes

log = logging.getLogger(__name__)

WORKER = "worker"
#: After a name, that of the row which says that a part of its last work failed.
_FAILED = ":failed"
#: The worker says it no more often than this.
_PAUSE = dt.timedelta(hours=1)


def note(name: str, *, failed: bool = False) -> None:
    """Say that something came to its end, and commit.

    :param failed: whether a part of its work failed, which the doctor tells until it
        ends without
    """
    if name != WORKER:
        nodes.announce("command")
    now = utcnow()
    for row in (name, f"{name}{_FAILED}") if failed else (name,):
        model.Session.execute(
            insert(Run.__table__)
            .values(name=row, ended_at=now)
            .on_conflict_do_update(index_elements=["name"], set_={"ended_at": now})
        )
    if not failed:
        model.Session.query(Run).filter(Run.name == f"{name}{_FAILED}").delete()
    model.Session.commit()


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Work that no other node does at the same time.

    The lock is the database connection's: a process that is killed keeps nobody out.

    :returns: whether nobody else is at it; otherwise leave it to them
    """
    lock = sa.func.hashtext(f"ckanext.challenge.run.{name}")
    # Without a transaction that would be open as long as the work takes.
    engine = model.meta.engine.execution_options(  # type: ignore[union-attr]
        isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        got = connection.execute(sa.select(sa.func.pg_try_advisory_lock(lock))).scalar()
        try:
            yield bool(got)
        finally:
            if got:
                _unlock(connection, lock)


def _unlock(connection: sa.Connection, lock: sa.ColumnElement[int]) -> None:
    try:
        connection.execute(sa.select(sa.func.pg_advisory_unlock(lock)))
    except DBAPIError as error:
        # The lock went with the connection; what was done is done.
        log.info("A lock ended with its connection: %s", type(error).__name__)


def ask_worker() -> None:
    """Have the job worker say that it works, if it has not for a while."""
    said = all_of_them().get(WORKER)
    if said is None or utcnow() - said > _PAUSE:
        jobs.enqueue_once(worker_works, title="challenge: does the worker work?")


def worker_works() -> None:
    """The job: whoever runs it works."""
    jobs.begun(worker_works)
    note(WORKER)


def all_of_them() -> dict[str, dt.datetime]:
    """When each of them did its work last."""
    return {
        run.name: run.ended_at
        for run in model.Session.query(Run)
        if not run.name.endswith(_FAILED)
    }


def failures() -> list[str]:
    """Those of which a part failed the last time."""
    found = model.Session.query(Run).filter(Run.name.endswith(_FAILED))
    return sorted(run.name.removesuffix(_FAILED) for run in found)

"""Going through many organizations, a portion at a time, on one core or on several.

Each portion is one transaction: what was done stays done when the next one fails or is
interrupted.
"""

from __future__ import annotations

import gc
import logging
import math
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

from ckan import model
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

Done = TypeVar("Done")

#: How often a portion is tried again when another transaction was in its way.
_TRIES = 3

#: PostgreSQL's codes for a deadlock, for a serialization failure, for a row that refers
#: to one which was purged meanwhile, and for one that somebody else has just written.
_IN_THE_WAY = frozenset({"40P01", "40001", "23503", "23505"})


def in_one_transaction(work: Callable[[], Done]) -> Done:
    """Do some work and commit; again when another transaction was in the way.

    :raises DBAPIError: when that does not help
    """
    for attempt in range(1, _TRIES + 1):
        try:
            done = work()
            model.Session.commit()
        except DBAPIError as error:
            model.Session.rollback()
            code = getattr(error.orig, "pgcode", None)
            if code not in _IN_THE_WAY or attempt == _TRIES:
                raise
            log.info("Met another transaction (%s), trying again", code)
        except Exception:
            model.Session.rollback()
            raise
        else:
            return done
    raise AssertionError("unreachable")


def each(
    work: Callable[[Sequence[str]], Done],
    ids: Sequence[str],
    *,
    size: int,
    processes: int = 1,
) -> Iterator[tuple[int, Done]]:
    """Do some work on each portion of some ids.

    An evaluation keeps PostgreSQL busy for half of its time and Python for the other
    half. A second process uses the core that would wait.

    :param work: a function of a module, since another process calls it
    :param size: how many ids a portion has at most
    :param processes: among how many processes the portions are shared
    :returns: how many ids a portion had and what was done, as each one ends
    """
    if not ids:
        return
    processes = min(processes, math.ceil(len(ids) / size))
    portions = _cut(ids, size, processes)
    if processes < 2:
        for portion in portions:
            yield len(portion), work(portion)
        return
    # No connection may be shared: the children make their own.
    model.Session.remove()
    # What is there stays in memory that parent and children share.
    gc.freeze()
    try:
        with ProcessPoolExecutor(
            processes, multiprocessing.get_context("fork"), initializer=_begin
        ) as pool:
            futures = {pool.submit(work, portion): portion for portion in portions}
            try:
                for future in as_completed(futures):
                    yield len(futures[future]), future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        gc.unfreeze()


def _cut(ids: Sequence[str], size: int, processes: int) -> list[Sequence[str]]:
    """Cut ids into portions: as many for each process, and all as large."""
    number = math.ceil(len(ids) / (size * processes)) * processes
    length = math.ceil(len(ids) / number)
    return [ids[start : start + length] for start in range(0, len(ids), length)]


def _begin() -> None:
    """Begin a process: forget the parent's connections, without closing them."""
    model.Session.remove()
    engine = model.ensure_engine()
    engine.dispose(close=False)
    event.listen(engine, "connect", _keep_to_one_core)


def _keep_to_one_core(connection: Any, _record: Any) -> None:
    """Have PostgreSQL use no helpers for a connection.

    Each process has a core's worth of work already: helpers of all at once take the
    cores from each other, and read the same tables several times.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    # A rollback would undo it.
    connection.commit()

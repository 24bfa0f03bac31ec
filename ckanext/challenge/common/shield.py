"""CKAN never falls for us: what its pages and actions ask of our tables may fail.

Our tables may be missing (before the migration, while a new version is rolled out),
slow, locked or read-only. What CKAN's own pages, searches and actions ask of them runs
in a savepoint and with little patience: where it fails the answer is as without us.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, ParamSpec, TypeVar

from ckan import model
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: Milliseconds for which CKAN's own answers wait for a lock, and for a statement.
LOCK_PATIENCE = 500
STATEMENT_PATIENCE = 3000

#: Milliseconds for which a page of ours waits for a lock before it says that it cannot.
PAGE_PATIENCE = 15_000

#: Seconds for which nothing more is asked after that patience has run out: a page asks
#: several things, and its reader shall wait for one of them only.
PAUSE = 10.0

#: Seconds between two errors in the log of a process.
LOG_PAUSE = 60.0

#: PostgreSQL's codes for a table and a column that are not there, a transaction that
#: may only read, a lock that was not to be had, and a statement that took too long.
MISSING = frozenset({"42P01", "42703"})
_READ_ONLY = "25006"
_TOO_SLOW = frozenset({"55P03", "57014"})

_SAVEPOINT = "challenge_apart"
#: What stands before the first statement of what is asked apart.
APART = (
    f"SAVEPOINT {_SAVEPOINT};"
    f" SET LOCAL lock_timeout = {LOCK_PATIENCE:d};"
    f" SET LOCAL statement_timeout = {STATEMENT_PATIENCE:d}"
)

#: What SQLAlchemy makes of PostgreSQL's errors, for rooms that do not import it.
DatabaseError = DBAPIError


class _Clock:
    """When the process last complained, and until when it asks nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._complained = self._resting = float("-inf")

    def may_complain(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now - self._complained < LOG_PAUSE:
                return False
            self._complained = now
            return True

    def rest(self) -> None:
        self._resting = time.monotonic() + PAUSE

    def is_resting(self) -> bool:
        return time.monotonic() < self._resting


clock = _Clock()


def complain(what: str) -> None:
    """Log the error that is being handled, once a minute for each process.

    :param what: was asked
    """
    if clock.may_complain():
        log.exception("Left out, since the tables of the challenge fail: %s", what)


def gave_way(error: Exception, what: str) -> bool:
    """Whether a page failed since our tables are missing, slow or read-only: it is
    logged then, and its transaction is rolled back.

    :param what: was asked, for the log
    """
    if not isinstance(error, DBAPIError) or not _is_unavailable(error):
        return False
    model.Session.rollback()
    # What says so is as shielded as a page of CKAN's own.
    model.Session.info.pop(_PAGE, None)
    complain(what)
    return True


def _is_unavailable(error: DBAPIError) -> bool:
    code = getattr(error.orig, "pgcode", None)
    return (
        code in MISSING
        or code in _TOO_SLOW
        or code == _READ_ONLY
        or (isinstance(error, OperationalError) and code not in {"40P01", "40001"})
    )


def is_down(error: Exception) -> bool:
    """Whether whatever asks our tables fails now: the database is not there, or may
    only be read, or the tables are missing. What took too long says nothing of others.
    """
    return (
        isinstance(error, DBAPIError)
        and _is_unavailable(error)
        and getattr(error.orig, "pgcode", None) not in _TOO_SLOW
    )


_PAGE, _WHOLE = "challenge_page", "challenge_whole"


def be_patient() -> None:
    """Have the transactions of this request wait for a lock for a bounded time."""
    model.Session.info[_PAGE] = True
    if model.Session().in_transaction():
        _limit(model.Session.connection())


def _limit(connection: Any) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {PAGE_PATIENCE:d}")


def _is_own_page() -> bool:
    return bool(model.Session.info.get(_PAGE))


def _begun(session: Any, transaction: Any, connection: Any) -> None:
    if session.info.get(_PAGE) and not transaction.nested:
        _limit(connection)


def listen() -> None:
    """Listen to CKAN's sessions for :func:`be_patient`; again changes nothing."""
    if not event.contains(model.Session, "after_begin", _begun):
        event.listen(model.Session, "after_begin", _begun)


@contextmanager
def _reading() -> Iterator[None]:
    """A savepoint that is always rolled back: nothing read needs to be kept, and the
    settings made in it end with it. It is made when something is asked: often what is
    wanted is known already.

    SQLAlchemy is not told: its own savepoints expire what CKAN has loaded, and cannot
    be made while a transaction is being committed, when CKAN indexes.
    """
    begun = False

    def begin(_: Any, __: Any, statement: str, values: Any, *___: Any) -> Any:
        nonlocal begun
        if begun:
            return statement, values
        begun = True
        # In one message: what the first question waits for is its answer.
        return f"{APART}; {statement}", values

    with model.Session.no_autoflush:
        connection = model.Session.connection()
        event.listen(connection, "before_cursor_execute", begin, retval=True)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", begin)
            if begun:
                connection.exec_driver_sql(
                    f"ROLLBACK TO SAVEPOINT {_SAVEPOINT};"
                    f" RELEASE SAVEPOINT {_SAVEPOINT}"
                )


def write(connection: Any, work: Callable[[], object], what: str) -> None:
    """Write into our tables within CKAN's transaction; it goes on where this fails.

    :param connection: of the transaction
    :param work: executes its statements on that connection
    :param what: is written, for the log
    """
    before = connection.exec_driver_sql(
        "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
    ).one()
    connection.exec_driver_sql(APART)
    try:
        work()
    except DBAPIError:
        complain(what)
        connection.exec_driver_sql(
            f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; RELEASE SAVEPOINT {_SAVEPOINT}"
        )
    else:
        connection.exec_driver_sql(
            f"RELEASE SAVEPOINT {_SAVEPOINT};"
            f" SET LOCAL lock_timeout = '{before[0]}';"
            f" SET LOCAL statement_timeout = '{before[1]}'"
        )


def read(what: str, work: Callable[[], T], otherwise: T) -> T:
    """Read our tables for an answer of CKAN's own.

    :param what: is read, for the log
    :param work: reads, and changes nothing
    :param otherwise: what is answered where that fails, as it would be without us
    :raises DatabaseError: on a page or in an action of ours, which answer that
    :raises Exception: whatever ``work`` raises, within :func:`read_whole`
    """
    if model.Session.info.get(_WHOLE):
        return work()
    if clock.is_resting():
        return otherwise
    try:
        # A page of ours that our tables fail says so itself.
        with nullcontext() if _is_own_page() else _reading():
            return work()
    except Exception as error:
        if isinstance(error, DBAPIError):
            if _is_own_page():
                raise
            if getattr(error.orig, "pgcode", None) in _TOO_SLOW:
                clock.rest()
        complain(what)
        return otherwise


def read_whole(what: str, work: Callable[[], T], otherwise: T) -> T:
    """As :func:`read`, where what ``work`` reads in the same way fails with it: half an
    answer is not to be remembered.
    """

    def together() -> T:
        model.Session.info[_WHOLE] = True
        try:
            return work()
        finally:
            del model.Session.info[_WHOLE]

    return read(what, together, otherwise)


def shielded(
    otherwise: Callable[[], Any],
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate what CKAN's pages and actions call: it reads, and never raises.

    :param otherwise: makes the answer where our tables fail
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def shield(*args: P.args, **kwargs: P.kwargs) -> T:
            work = functools.partial(function, *args, **kwargs)
            return read(function.__qualname__, work, otherwise())

        return shield

    return decorate

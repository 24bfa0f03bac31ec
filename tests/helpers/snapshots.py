"""What a fixture makes, made once and put back for each test that asks for it.

Most of a test's time would go into making the same people, seasons and participants
through the same actions. What these leave in the database, in Redis and in the search
index is kept instead, and put back for the next test, which may change it at will.
"""

from __future__ import annotations

import copy
import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from ckan import model
from ckan.lib.redis import connect_to_redis

from ckanext.challenge import config

from .application import changed
from .index import Index, Update

Made = TypeVar("Made")

#: Settings that what is made does not depend on, by the start of their names.
READ_WHEN_USED = (
    "WTF_CSRF_ENABLED",
    "ckan.storage_path",
    "ckanext.challenge.keys_path",
    "smtp.",
)

#: Tables from those that others refer to, to those that refer to them; a generated
#: column cannot be written.
_TABLES = """
SELECT c.oid::regclass::text,
       (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
          FROM pg_attribute
         WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
           AND attgenerated = ''),
       ARRAY(SELECT confrelid::regclass::text FROM pg_constraint
              WHERE conrelid = c.oid AND contype = 'f' AND confrelid <> c.oid)
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
   AND c.relname NOT LIKE '%alembic_version'
"""


#: A key of Redis, the milliseconds that it has left (0: for ever), and its value dumped
#: or, of a list, its items.
_Key = tuple[bytes, int, bytes | list[bytes]]


class MadeOnce(Protocol):
    """``Snapshots.get``, as tests ask for it."""

    def __call__(self, name: str, make: Callable[[], Made]) -> Made: ...


@dataclass
class _Kept:
    """What a fixture has made, and all that it has left."""

    made: Any
    day: dt.date
    rows: list[tuple[str, bytes]]
    redis: list[_Key]
    index: list[Update]


class Snapshots:
    """What fixtures have made in this session, by their names."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._kept: dict[str, _Kept] = {}

    def get(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` makes, together with all that it leaves.

        Where a test has changed settings, or has made somebody before, it is made anew
        and not kept.
        """
        if changed(READ_WHEN_USED) or _has_people():
            return make()
        kept = self._kept.get(name)
        # Its dates are around the day that it was made on.
        if kept is None or kept.day != config.today():
            self._index.clean()
            day = config.today()
            made = make()
            model.Session.commit()
            self._kept[name] = _Kept(
                copy.deepcopy(made), day, _rows(), _redis(), self._index.updates()
            )
            return made
        _put_rows(kept.rows)
        _put_redis(kept.redis)
        self._index.become(kept.index)
        return copy.deepcopy(kept.made)


def _has_people() -> bool:
    """Whether anything was made yet: nothing is without its user."""
    found = model.Session.execute(sa.text('SELECT EXISTS (SELECT 1 FROM "user")'))
    return bool(found.scalar())


def _rows() -> list[tuple[str, bytes]]:
    """For each table that holds any, how its rows are written and these rows."""
    connection = model.Session.connection()
    found = {
        table: (columns, set(needs))
        for table, columns, needs in connection.execute(sa.text(_TABLES))
    }
    kept: list[tuple[str, bytes]] = []
    done: set[str] = set()
    while len(done) < len(found):
        ready = [
            table
            for table, (_, needs) in found.items()
            if table not in done and needs <= done
        ]
        assert ready, "no table may need another that needs it"
        for table in ready:
            target = f"{table} ({found[table][0]})"
            rows = io.BytesIO()
            cursor = _cursor(connection)
            cursor.copy_expert(f"COPY {target} TO STDOUT", rows)
            if rows.tell():
                kept.append((f"COPY {target} FROM STDIN", rows.getvalue()))
        done |= {*ready}
    model.Session.rollback()
    return kept


def _put_rows(kept: list[tuple[str, bytes]]) -> None:
    cursor = _cursor(model.Session.connection())
    for statement, rows in kept:
        cursor.copy_expert(statement, io.BytesIO(rows))
    model.Session.commit()
    model.Session.remove()


def _cursor(connection: sa.Connection) -> Any:
    return connection.connection.cursor()


def empty_redis() -> None:
    """Leave only the workers: one may run on from test to test."""
    if keys := _keys():
        connect_to_redis().delete(*keys)


def _keys() -> list[bytes]:
    connection: Any = connect_to_redis()
    return [*filter(lambda key: not key.startswith(b"rq:worker"), connection.keys())]


def _redis() -> list[_Key]:
    connection: Any = connect_to_redis()
    return [
        (
            key,
            max(connection.pttl(key), 0),
            connection.lrange(key, 0, -1)
            if connection.type(key) == b"list"
            else connection.dump(key),
        )
        for key in _keys()
    ]


def _put_redis(kept: list[_Key]) -> None:
    connection: Any = connect_to_redis()
    lists: list[tuple[bytes, list[bytes]]] = []
    for key, left, value in kept:
        if isinstance(value, list):
            lists.append((key, value))
        else:
            connection.restore(key, left, value, replace=True)
    # Whoever waits for a queue is told of what is pushed, not of what is restored; and
    # a job must be there before it is queued.
    for key, values in lists:
        connection.rpush(key, *values)

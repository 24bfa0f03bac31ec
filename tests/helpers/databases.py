"""Another database on the server of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.common import config

_MAY = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
_END_READERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
 WHERE datname = :name AND usename = current_user
"""


@contextmanager
def beside(end: str) -> Iterator[sa.engine.URL]:
    """An empty database whose name ends so, as long as it is used.

    A test is skipped where the account of the tests may make none.
    """
    if not model.Session.execute(sa.text(_MAY)).scalar_one():
        pytest.skip("needs an account that may create databases")
    usual = sa.engine.make_url(config["sqlalchemy.url"])
    name = f"{usual.database}_{end}"
    server = sa.create_engine(usual, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}"')
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    try:
        yield usual.set(database=name)
    finally:
        with server.connect() as connection:
            # "WITH (FORCE)" would want to end an autovacuum too, which is not ours to
            # end; without it PostgreSQL sends that one away by itself.
            connection.execute(sa.text(_END_READERS), {"name": name})
            connection.exec_driver_sql(f'DROP DATABASE "{name}"')
        server.dispose()

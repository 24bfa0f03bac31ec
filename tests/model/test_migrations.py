"""The migrations make the tables that the models declare, and unmake them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ckan import model
from ckan.cli.cli import ckan
from ckan.model import ensure_engine

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.fixture
def tables_again(cli: Any) -> Iterator[None]:
    """Whatever the test does, the others find their tables."""
    yield
    cli.invoke(ckan, ["db", "upgrade", "-p", "challenge"])


def _tables() -> set[str]:
    model.Session.rollback()
    names = sa.inspect(ensure_engine()).get_table_names()
    return {
        name
        for name in names
        if name.startswith("challenge_") and not name.endswith("alembic_version")
    }


def test_the_tables_are_those_of_the_models() -> None:
    def ours(obj: Any, name: str, type_: str, reflected: bool, other: Any) -> bool:
        table = name if type_ == "table" else obj.table.name
        return table.startswith("challenge_") and "alembic" not in table

    with ensure_engine().connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": True}
        )
        differences = compare_metadata(context, model.meta.metadata)
    # PostgreSQL's own indexes on expressions cannot be compared.
    assert [
        found
        for found in differences
        if not (isinstance(found, tuple) and "index" in found[0])
    ] == []


@pytest.mark.usefixtures("tables_again")
def test_down_to_nothing_and_up_again(cli: Any) -> None:
    before = _tables()
    assert "challenge_cohort" in before
    down = cli.invoke(ckan, ["db", "downgrade", "-p", "challenge"])
    assert down.exit_code == 0, down.output
    assert _tables() == set()
    indexes = sa.inspect(ensure_engine()).get_indexes("package")
    assert not any("challenge" in str(index["name"]) for index in indexes)
    up = cli.invoke(ckan, ["db", "upgrade", "-p", "challenge"])
    assert up.exit_code == 0, up.output
    assert _tables() == before

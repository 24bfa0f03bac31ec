"""A line of the crontab on two nodes: the second leaves the work to the first."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as ckan_command

from ckanext.challenge.common import runs
from ckanext.challenge.domain import doctor

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

#: By what the doctor watches, the words of the command.
COMMANDS = {
    "evaluate": ["evaluate", "--all"],
    "purge": ["purge"],
    "remind": ["remind"],
    "digest": ["digest"],
    "mail": ["mail", "send"],
    "publish-scheduled": ["publish-scheduled"],
}


def test_all_that_the_doctor_watches_are_tried() -> None:
    assert set(COMMANDS) == set(doctor.PAUSES)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_second_leaves_it_and_ends_well(cli: Any, name: str) -> None:
    with runs.alone(name) as first:
        assert first
        result = cli.invoke(ckan_command, ["challenge", *COMMANDS[name]])
        assert result.exit_code == 0, result.output
        assert "left to it" in result.output
        assert name not in runs.all_of_them()
    # It keeps nobody out once it ended.
    result = cli.invoke(ckan_command, ["challenge", *COMMANDS[name]])
    assert result.exit_code == 0, result.output
    assert "left to it" not in result.output
    assert name in runs.all_of_them()


def _end_holders() -> None:
    """End the connections that hold a lock, as a restart of PostgreSQL does."""
    with model.ensure_engine().connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype ="
                " 'advisory' AND database = (SELECT oid FROM pg_database"
                " WHERE datname = current_database())"
            )
        )


def test_a_connection_that_died_takes_its_lock_along() -> None:
    with runs.alone("mail") as first:
        assert first
        _end_holders()
    with pytest.raises(RuntimeError, match="of the work"), runs.alone("mail") as again:
        assert again
        _end_holders()
        raise RuntimeError("of the work")
    with runs.alone("mail") as still:
        assert still


@pytest.mark.parametrize("name", ["purge", "remind", "digest"])
def test_who_only_looks_waits_for_nobody(cli: Any, name: str) -> None:
    with runs.alone(name):
        result = cli.invoke(ckan_command, ["challenge", name, "--dry-run"])
    assert result.exit_code == 0
    assert "left to it" not in result.output

"""What all tests share: the services they run against, and a database with the
extension's tables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from ckan import model, plugins
from ckan.lib.redis import connect_to_redis
from ckan.plugins import core as plugins_core
from helpers.mailbox import Mailbox
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import close_all_sessions

from portal import ports

# On a machine that does other things too, slowness is no failure.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """Stop before a database that was not made for these tests is wiped."""
    if "CKAN_SQLALCHEMY_URL" in os.environ and "PORTAL_RUN" not in os.environ:
        pytest.exit(
            "CKAN_SQLALCHEMY_URL is set and the tests wipe its database: "
            "use `make test`, or name a database for them in CKAN_TEST_SQLALCHEMY_URL",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )


@pytest.fixture(scope="session", autouse=True)
def _plugins_of_the_session() -> Iterator[None]:
    """The plugins of ``test.ini``, loaded once."""
    plugins.load_all()
    yield
    plugins.unload_all()


@pytest.fixture
def with_plugins(ckan_config: dict[str, Any], request: pytest.FixtureRequest) -> None:
    """The configured plugins, read anew only where a test configures something.

    CKAN's own fixture of this name loads all plugins for every test: half a second
    each.
    """
    wanted = list(ckan_config["ckan.plugins"])
    configured = request.node.get_closest_marker("ckan_config") is not None
    if configured or list(plugins_core._PLUGINS) != wanted:
        plugins.load_all()


# Tables that hold rows are emptied in one statement: a hundred times faster than
# building them anew, which CKAN's own fixture and Alembic would do for every test.
_EMPTY = """
DO $$
DECLARE
    filled text[] := '{}';
    candidate text;
    has_rows boolean;
BEGIN
    FOR candidate IN
        SELECT format('%I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT LIKE '%alembic_version'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || candidate || ')' INTO has_rows;
        IF has_rows THEN filled := filled || candidate; END IF;
    END LOOP;
    IF filled <> '{}' THEN
        EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
    END IF;
END $$
"""


def _has_tables() -> bool:
    if not model.repo.tables_created_and_initialised:
        return False
    found = model.Session.execute(
        sa.text("SELECT to_regclass('challenge_journal'), to_regclass('activity')")
    ).one()
    return None not in found


@pytest.fixture
def clean_db(
    with_plugins: None,
    reset_db: Callable[[], None],
    migrate_db_for: Callable[[str], None],
) -> None:
    """An empty database with the tables of CKAN and of the plugins that are enabled.

    CKAN's own fixture of this name leaves the plugins' tables out.
    """
    close_all_sessions()
    # Jobs too, the failed ones included, belong to the test that made them.
    connect_to_redis().flushdb()
    if _has_tables():
        model.Session.execute(sa.text(_EMPTY))
        model.Session.commit()
        model.Session.remove()
        return
    reset_db()
    for name in ("activity", "challenge"):
        if plugins.plugin_loaded(name):
            migrate_db_for(name)


@pytest.fixture
def mailbox(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mailbox]:
    """A real SMTP server that CKAN sends its mails to, and what it has got."""
    box = Mailbox()
    (port,) = ports.choose(1)
    controller = Controller(box, hostname=ports.HOST, port=port)
    controller.start()
    monkeypatch.setitem(ckan_config, "smtp.server", f"{ports.HOST}:{port}")
    monkeypatch.setitem(ckan_config, "smtp.starttls", False)
    try:
        yield box
    finally:
        controller.stop()

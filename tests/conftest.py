"""What all tests share: the services they run against, and a database with the
extension's tables.
"""

from __future__ import annotations

import functools
import gc
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pysolr
import pytest
import redis
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from ckan import model, plugins
from ckan.cli import cli as ckan_cli
from ckan.model import user as user_model
from ckan.tests.helpers import CKANCliRunner, CKANTestApp
from ckanext.activity import helpers as activity_helpers  # type: ignore[import]
from helpers.application import Application
from helpers.index import Index
from helpers.mailbox import Mailbox
from helpers.snapshots import MadeOnce, Snapshots, empty_redis
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import Engine
from sqlalchemy.orm import close_all_sessions
from sqlalchemy.pool import NullPool

from portal import ports, workers

# On a machine that does other things too, slowness is no failure.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")
# While one works, a few examples of each; what is to land is tried with a hundred.
settings.register_profile("check", settings.get_profile("unhurried"), max_examples=25)


def pytest_configure(config: pytest.Config) -> None:
    """Stop before a database that was not made for these tests is wiped."""
    if "CKAN_SQLALCHEMY_URL" in os.environ and "PORTAL_RUN" not in os.environ:
        pytest.exit(
            "CKAN_SQLALCHEMY_URL is set and the tests wipe its database: "
            "use `make test`, or name a database for them in CKAN_TEST_SQLALCHEMY_URL",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )
    # Importing a portal makes a million objects that stay. Looking through them again
    # and again for what to free takes as long as a tenth of the pure tests.
    gc.set_threshold(50_000)
    pure = config.option.markexpr == "pure"
    if pure:
        settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "check"))
    if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and not pure:
        # CKAN reads where its services are when the session starts.
        os.environ.update(workers.environ(worker, os.environ))
        tempfile.tempdir = None
    shares_out = not worker and config.getoption("dist", "no") != "no"
    if shares_out or pure:
        # No test runs here that needs a portal. Both CKAN and pytest-ckan bring a
        # plugin of this name, and pytest takes the one that it finds first.
        config.pluginmanager.unregister(name="ckan")


#: Names a fixture of CKAN for all tests of a file.
_ALL_ASK = re.compile(
    r'^pytestmark = (?:(?!^\S)[\s\S])*?"(?:with_plugins|clean_db)"', re.MULTILINE
)


def pytest_ignore_collect(
    collection_path: Path, config: pytest.Config
) -> Literal[True] | None:
    """Leave out files none of whose tests can be pure: to collect is to import them."""
    if config.option.markexpr != "pure" or collection_path.suffix != ".py":
        return None
    return True if _ALL_ASK.search(collection_path.read_text("utf-8")) else None


def pytest_collection_finish() -> None:
    """Spare the tests themselves from being looked through for what to free."""
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Never name a test by bytes: an archive holds the second in which it was made.

    Processes that share out the tests must find the same names, each for itself.
    """
    return argname if isinstance(val, bytes) else None


#: Fixtures from which all comes that a test has of CKAN: its settings, hence its
#: plugins, database and application, and its index.
_OF_CKAN = {"ckan_config", "_index", "_application"}

#: Fixtures that begin a process of others, which is fetched the first time.
_OF_OTHERS = {"canonize"}

#: Seconds that a test takes, roughly, by the first fixture that it uses of these.
_SECONDS = {"address": 8.0, "app": 0.5, "clean_db": 0.3}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as pure what is soon done, and asks for nothing of CKAN or other programs.

    Where several processes share out the files, let them begin with the longest: none
    works on for long after the others have ended.
    """
    for item in items:
        used = _fixtures(item)
        asks = (_OF_CKAN | _OF_OTHERS).intersection(used)
        # A check that one runs while one works waits for nothing that takes seconds.
        if not asks and item.get_closest_marker("seconds") is None:
            item.add_marker("pure")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    seconds: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        used = _fixtures(item)
        known = (cost for name, cost in _SECONDS.items() if name in used)
        said = item.get_closest_marker("seconds")
        seconds[item.path] += said.args[0] if said else next(known, 0.05)
    # Those that share a portal follow upon each other.
    served = {item.path for item in items if "address" in _fixtures(item)}
    items.sort(key=lambda item: (item.path in served, seconds[item.path]), reverse=True)


def _fixtures(item: pytest.Item) -> tuple[str, ...]:
    return getattr(item, "fixturenames", ())


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> None:
    """Hash passwords in one round: the people of the tests have nothing to hide."""
    user_model.pbkdf2_sha512 = user_model.pbkdf2_sha512.using(rounds=1)


@pytest.fixture(scope="session", autouse=True)
def _silent_node(pytestconfig: pytest.Config) -> None:
    """This process leaves no mark where a test looks at what is kept."""
    if pytestconfig.option.markexpr != "pure":
        from ckanext.challenge.common import nodes  # noqa: PLC0415

        nodes.said.next = float("inf")


@pytest.fixture(autouse=True)
def _pure(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test that asks for nothing of CKAN get nothing of it."""
    if request.node.get_closest_marker("pure") is None:
        return
    for owner, name in (
        (Engine, "connect"),
        (CKANTestApp, "__init__"),
        (pysolr.Solr, "_send_request"),
        (redis.Connection, "connect"),
    ):
        monkeypatch.setattr(owner, name, _refuse)


def _refuse(*arguments: Any, **options: Any) -> None:
    raise AssertionError(
        "this test runs as a pure one: let it ask for with_plugins, clean_db or app"
    )


@pytest.fixture(scope="session")
def _application() -> Iterator[Application]:
    """The plugins of ``test.ini``, loaded once, and the application around them."""
    # With each page CKAN looks for news of all that somebody follows, which takes it as
    # long as half a page does. Nobody here follows anybody.
    counts = activity_helpers.new_activities
    activity_helpers.new_activities = functools.wraps(counts)(lambda: 0)
    plugins.load_all()
    yield Application()
    plugins.unload_all()


@pytest.fixture
def with_plugins(ckan_config: dict[str, Any], _application: Application) -> None:
    """The configured plugins, read anew only where a test configures something.

    CKAN's own fixture of this name loads all plugins for every test: half a second
    each.
    """
    _application.load_plugins()


@pytest.fixture
def app(ckan_config: dict[str, Any], _application: Application) -> CKANTestApp:
    """The portal, to ask for pages; built anew only where a test configures something.

    CKAN's own fixture of this name builds it for every test.
    """
    return _application.get()


@pytest.fixture
def cli(
    ckan_config: dict[str, Any],
    _application: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> CKANCliRunner:
    """Runs commands, in the application of all tests.

    CKAN builds one for each command, and so do the commands that its own fixture of
    this name runs: a second each.
    """
    monkeypatch.setattr(ckan_cli, "CtxObject", _application.for_command)
    return CKANCliRunner(env={"CKAN_INI": ckan_config["__file__"]})


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
    # `make test` brings a database whose tables are made.
    if not model.repo.tables_created_and_initialised and "PORTAL_RUN" not in os.environ:
        return False
    found = model.Session.execute(
        sa.text(
            "SELECT to_regclass('\"user\"'), to_regclass('activity'),"
            " to_regclass('challenge_journal')"
        )
    ).one()
    model.repo.tables_created_and_initialised = None not in found
    return model.repo.tables_created_and_initialised


def _pool_connections(config: Mapping[str, Any]) -> None:
    """Give CKAN back an engine that keeps its connections.

    A migration that runs in this process leaves one that connects anew for each
    session, which takes longer than most of what the sessions do.
    """
    if isinstance(model.ensure_engine().pool, NullPool):
        model.init_model(sa.engine_from_config(dict(config)))


@pytest.fixture
def clean_db(
    with_plugins: None,
    ckan_config: dict[str, Any],
    reset_db: Callable[[], None],
    migrate_db_for: Callable[[str], None],
) -> None:
    """An empty database with the tables of CKAN and of the plugins that are enabled.

    CKAN's own fixture of this name leaves the plugins' tables out.
    """
    close_all_sessions()
    # Jobs too, the failed ones included, belong to the test that made them.
    empty_redis()
    if _has_tables():
        model.Session.execute(sa.text(_EMPTY))
        model.Session.commit()
        model.Session.remove()
    else:
        reset_db()
        for name in ("activity", "challenge"):
            if plugins.plugin_loaded(name):
                migrate_db_for(name)
    _pool_connections(ckan_config)


@pytest.fixture(scope="session")
def _index() -> Iterator[Index]:
    index = Index()
    with index.noted():
        yield index


@pytest.fixture
def clean_index(_index: Index) -> None:
    """An empty search index.

    CKAN's own fixture of this name cleans also what is clean, down to the disk.
    """
    _index.clean()


@pytest.fixture(scope="session")
def _snapshots(_index: Index) -> Snapshots:
    return Snapshots(_index)


@pytest.fixture
def made_once(clean_db: None, clean_index: None, _snapshots: Snapshots) -> MadeOnce:
    """``made_once(name, make)``: what ``make`` makes, made by the first test that asks
    for this name and put back, with all that belongs to it, for each other one.
    """
    return _snapshots.get


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


@pytest.fixture
def storage(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """A folder of the test's own, in which the portal keeps its files."""
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    return tmp_path

"""Isolated runs: fresh services for one command, on free ports, gone when the command
has ended.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from portal import locks, ports, reaper, workers
from portal.console import PortalError, part, warn
from portal.environment import Environment
from portal.paths import ROOT, RUNS
from portal.process import dies_with_parent, run_logged
from portal.services import Postgres, Redis, Service, Solr, new_secret
from portal.signals import Stopped
from portal.supervision import Supervisor
from portal.system import chromium

TEST_INI = ROOT / "test.ini"

#: The services that a run brings along: the variable in which CKAN looks for each, and
#: the one with which a caller replaces it. The names differ so that a run never takes,
#: and wipes, a developer's own database.
REPLACEABLE = {
    "CKAN_SQLALCHEMY_URL": "CKAN_TEST_SQLALCHEMY_URL",
    "CKAN_REDIS_URL": "CKAN_TEST_REDIS_URL",
    "CKAN_SOLR_URL": "CKAN_TEST_SOLR_URL",
}


@contextmanager
def isolated(
    env: Environment, *, ini: Path | None = TEST_INI, processes: int = 1
) -> Iterator[dict[str, str]]:
    """Fresh services and, with an ini file, a database with all migrations applied.

    :param ini: the ini file whose database is made; ``None`` leaves the database empty
    :param processes: how many processes of pytest-xdist get services of their own
    :returns: the environment in which a command finds these services, its run folder
        as ``PORTAL_RUN`` and the version of CKAN as ``PORTAL_CKAN``
    """
    folder, lock = _new_folder()
    supervisor_port, *service_ports = ports.choose(4)
    supervisor = Supervisor(env, folder, supervisor_port)
    failed = False
    try:
        copies = [workers.core(name) for name in workers.names(processes)]
        services, environ = _services(env, folder, service_ports, copies)
        # Solr is the slowest to start: what does not need it goes on meanwhile.
        slow = [service for service in services if isinstance(service, Solr)]
        names = ", ".join(service.name for service in services) or "no service"
        with part(f"Starting {names} in {folder.name}"):
            supervisor.start(services, [], lock)
            supervisor.wait_for(service for service in services if service not in slow)
        if ini is not None:
            with part("Making the database"):
                run_logged(
                    [env.bin("ckan"), "-c", str(ini), "db", "upgrade"],
                    log=folder / "logs" / "migrations.log",
                    failure="the migrations failed",
                    env=environ,
                )
        for service in services:
            if isinstance(service, Postgres):
                for name in copies:
                    service.copy(name)
        with part("Waiting for Solr"):
            supervisor.wait_for(slow)
        yield environ
    except PortalError:
        # Its message names a log: that stays until the next run, which removes every
        # folder that is not locked.
        failed = True
        raise
    finally:
        supervisor.stop()
        if not failed:
            _remove(folder)
        os.close(lock)


def _services(
    env: Environment,
    folder: Path,
    service_ports: Sequence[int],
    more_cores: Sequence[str] = (),
) -> tuple[list[Service], dict[str, str]]:
    """The services to start, and the environment in which a command finds them."""
    postgres_port, redis_port, solr_port = service_ports
    postgres = Postgres(folder / "postgres", postgres_port, new_secret(), durable=False)
    redis = Redis(folder / "redis", redis_port, new_secret(), durable=False)
    solr = Solr(folder / "solr", solr_port, env, more_cores)
    embedded: dict[str, tuple[Service, str]] = {
        "CKAN_SQLALCHEMY_URL": (postgres, postgres.url),
        "CKAN_REDIS_URL": (redis, redis.url),
        "CKAN_SOLR_URL": (solr, solr.url),
    }
    services: list[Service] = []
    environ = env.environ()
    environ |= {"PORTAL_RUN": str(folder), "PORTAL_CKAN": env.version}
    environ["TMPDIR"] = str((folder / "tmp").resolve())
    for variable, replacement in REPLACEABLE.items():
        own, own_url = embedded[variable]
        url = os.environ.get(replacement)
        if url:
            ports.check_answers(replacement, url)
        else:
            services.append(own)
        environ[variable] = url or own_url
    browser = chromium()
    if browser is not None:
        environ["PORTAL_CHROMIUM"] = browser
    return services, environ


def run(
    env: Environment, command: Sequence[str], *, ini: Path | None = TEST_INI
) -> int:
    """Run a command with fresh services.

    :returns: its exit status, as a shell would give it
    """
    with isolated(env, ini=ini) as environ:
        return call(command, environ)


def test(env: Environment, arguments: Sequence[str]) -> int:
    """Run pytest with fresh services, in as many processes as serve it.

    :returns: its exit status
    """
    count = workers.count(arguments)
    if any(map(os.environ.get, REPLACEABLE.values())):
        # Nothing is made on a caller's own services beside what was named.
        count = 1
    command = ["python", "-m", "pytest", *workers.options(count), *arguments]
    with isolated(env, processes=count) as environ:
        return call(command, environ)


def call(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command on this terminal, wait for it, and end whatever it leaves behind.

    Ctrl-C reaches the command itself: it ends as it sees fit, and is waited for.
    """
    with reaper.no_orphans():
        try:
            process = subprocess.Popen(
                dies_with_parent(command), env=dict(environ), cwd=ROOT
            )
        except OSError as error:
            raise PortalError(f"setpriv cannot be run: {error.strerror}") from error
        while True:
            try:
                code = process.wait()
                break
            except Stopped as stopped:
                if stopped.signum != signal.SIGINT:
                    process.send_signal(signal.SIGTERM)
    return code if code >= 0 else 128 - code


def _new_folder() -> tuple[Path, int]:
    """A new run folder and the file descriptor that locks it.

    The folders of runs that were killed are removed.
    """
    RUNS.mkdir(parents=True, exist_ok=True)
    with locks.lock(RUNS / "lock", "another run is making its folder"):
        for old in RUNS.glob("test-*"):
            fd = locks.try_lock(old / "lock")
            if fd is not None:
                _remove(old)
                os.close(fd)
                if old.exists():
                    warn(f"{old} of an earlier run could not be removed")
        folder = Path(tempfile.mkdtemp(prefix="test-", dir=RUNS))
        # PostgreSQL's account must be able to pass through it.
        folder.chmod(0o711)
        lock = locks.try_lock(folder / "lock")
        assert lock is not None
    # CKAN puts its built assets into the folder for temporary files, where runs would
    # share them. This one is elsewhere, since a browser's socket needs a short path.
    (folder / "tmp").symlink_to(tempfile.mkdtemp(prefix="portal-"))
    return folder, lock


def _remove(folder: Path) -> None:
    """Remove a run folder and its folder for temporary files."""
    shutil.rmtree((folder / "tmp").resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)

"""The portal of ``make demo``, from nothing to an address and accounts, and its end."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

from portal import environment, ini, locks, ports, setup, system
from portal.console import PortalError, part, say
from portal.environment import Environment
from portal.files import private_file
from portal.paths import (
    DEMO_DATA,
    DEMO_INI,
    DEMO_LOGS,
    DEMO_MAIL,
    PORTAL,
    ROOT,
    STATE,
)
from portal.process import dies_with_parent, run_logged
from portal.services import Mailbox, Postgres, Program, Redis, Service, Solr, new_secret
from portal.signals import Stopped
from portal.supervision import Supervisor

LOCK = STATE / "demo.lock"
LOADED = DEMO_DATA / "loaded.json"
MIGRATED = DEMO_DATA / "migrated.json"
ACCOUNTS = ROOT / "ckanext" / "challenge" / "demo" / "accounts.yaml"

#: What the worker listens to, evaluations and mails first.
_QUEUES = ("default", "challenge-conformity")

#: Commands of ``ckan challenge`` that run again and again, and the seconds in between.
_CHORES = (("mail", "send"), ("publish-scheduled",))
_CHORES_PAUSE = 60


@dataclass(frozen=True)
class Secrets:
    """What must stay the same from one start to the next."""

    postgres: str
    redis: str
    session: str

    @classmethod
    def kept(cls, path: Path) -> Secrets:
        """Those of the file, which is made where it does not exist."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            secrets = cls(**{field.name: new_secret() for field in fields(cls)})
            private_file(path, json.dumps(vars(secrets)))
            return secrets
        except (ValueError, TypeError) as error:
            raise PortalError(
                f"{path} is broken: remove {DEMO_DATA} to start anew"
            ) from error


@dataclass(frozen=True)
class Choice:
    """Which services the portal brings along, and where those are that it does not."""

    sqlalchemy_url: str | None
    redis_url: str | None
    solr_url: str | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Choice:
        """The caller's choice: a variable that is set switches the service of that name
        off.
        """
        names = ("CKAN_SQLALCHEMY_URL", "CKAN_REDIS_URL", "CKAN_SOLR_URL")
        urls = [environ.get(name) or None for name in names]
        for name, url in zip(names, urls, strict=True):
            if url is not None:
                ports.check_answers(name, url)
        return cls(*urls)

    def tools(self) -> list[system.Tool]:
        """What the services that are brought along need of the machine."""
        tools = [system.SETPRIV, system.LIBMAGIC]
        tools += [system.POSTGRESQL] if self.sqlalchemy_url is None else []
        tools += [system.REDIS] if self.redis_url is None else []
        tools += [system.JAVA] if self.solr_url is None else []
        return tools


def demo(port: int) -> int:
    """Run the portal on this port of 127.0.0.1 until Ctrl-C or ``make stop``.

    :returns: the exit status
    """
    choice = Choice.of(os.environ)
    system.ensure_space(0)
    lock = locks.try_lock(LOCK)
    if lock is None:
        raise PortalError(
            "a portal of this clone is already running: make stop ends it"
        )
    try:
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        _check_port(port)
        env = environment.environment()
        setup.prepare(env, ["run"], choice.tools(), solr=choice.solr_url is None)
        _run(env, choice, port, lock)
    finally:
        os.close(lock)
    return 0


def stop(patience: float = 90) -> int:
    """End the portal of this clone from another terminal, and wait for it.

    :returns: the exit status
    """
    fd = locks.try_lock(LOCK) if LOCK.exists() else None
    if fd is not None or not LOCK.exists():
        if fd is not None:
            os.close(fd)
        say("No portal of this clone is running.")
        return 0
    pid = int(LOCK.read_text(encoding="ascii").strip() or 0)
    if _is_demo(pid):
        try:
            os.kill(pid, signal.SIGTERM)
        except PermissionError as error:
            raise PortalError(
                f"the portal runs as another user (process {pid})"
            ) from error
    deadline = time.monotonic() + patience
    while (fd := locks.try_lock(LOCK)) is None:
        if time.monotonic() > deadline:
            raise PortalError(
                f"the portal (process {pid}) has not ended after {patience:.0f} s"
            )
        time.sleep(0.1)
    os.close(fd)
    say("The portal has ended; its data stay in .portal/data.")
    return 0


def _is_demo(pid: int) -> bool:
    """Whether this is the process of a demo, and not one that got its number since."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"portal" in words and b"demo" in words


def _check_port(port: int) -> None:
    if not ports.is_free(port):
        raise PortalError(
            f"port {port} is in use on {ports.HOST}: end what listens there, "
            "or choose another: make demo PORT=5050"
        )


def _run(env: Environment, choice: Choice, port: int, lock: int) -> None:
    DEMO_DATA.mkdir(exist_ok=True)
    secrets = Secrets.kept(DEMO_DATA / "secrets.json")
    supervisor_port, postgres_port, redis_port, solr_port, mail_port = ports.choose(5)
    postgres = Postgres(
        DEMO_DATA / "postgres", postgres_port, secrets.postgres, durable=True
    )
    redis = Redis(DEMO_DATA / "redis", redis_port, secrets.redis, durable=True)
    solr = Solr(DEMO_DATA / "solr", solr_port, env)
    mail = Mailbox(DEMO_MAIL, mail_port, env)
    services: list[Service] = [mail]
    services += [redis] if choice.redis_url is None else []
    services += [postgres] if choice.sqlalchemy_url is None else []
    # Solr is the slowest to start: what does not need it goes on meanwhile.
    slow: list[Service] = [solr] if choice.solr_url is None else []
    database = choice.sqlalchemy_url or postgres.url
    site_url = f"http://{ports.HOST}:{port}"
    ini.write(
        DEMO_INI,
        {
            "site_url": site_url,
            "region": PORTAL / "region",
            "secret_key": secrets.session,
            "sqlalchemy_url": database,
            "solr_url": choice.solr_url or solr.url,
            "redis_url": choice.redis_url or redis.url,
            "storage_path": DEMO_DATA / "storage",
            "smtp_server": f"{ports.HOST}:{mail_port}",
        },
    )
    (DEMO_DATA / "storage").mkdir(exist_ok=True)
    supervisor = Supervisor(env, STATE, supervisor_port)
    try:
        with part(
            f"Starting {', '.join(service.name for service in [*services, *slow])}"
        ):
            supervisor.start([*services, *slow], _programs(env, port), lock)
            supervisor.wait_for(services)
        _migrate(env, None if choice.sqlalchemy_url else postgres)
        supervisor.wait_for(slow)
        # A cluster is known by when it was made, since its folder may have been removed
        # to start anew.
        identity = (
            database if choice.sqlalchemy_url else f"embedded {postgres.made_at()}"
        )
        _load(env, hashlib.sha256(identity.encode()).hexdigest())
        _make_keys(env)
        with part("Starting the web server and the worker"):
            _check_port(port)
            supervisor.start_program("web")
            supervisor.wait("web", lambda: _answers(site_url))
            _open_pages(site_url)
            # Last, since they take as long to start, and nobody waits for them.
            supervisor.start_program("worker")
            supervisor.start_program("clock")
        _present(env, site_url)
        _stay(supervisor)
    finally:
        if supervisor.is_running():
            say("==> Ending the portal")
        supervisor.stop()


def _stay(supervisor: Supervisor) -> None:
    """Wait until asked to end, which is how a portal is meant to end."""
    with suppress(Stopped):
        while supervisor.is_running():
            time.sleep(0.5)
        raise PortalError(
            f"the process manager has ended: see {DEMO_LOGS / 'supervisor.log'}"
        )


def _programs(env: Environment, port: int) -> list[Program]:
    web = [
        env.bin("gunicorn"),
        "--workers=2",
        f"--bind={ports.HOST}:{port}",
        "--timeout=120",
        "--access-logfile=-",
        f"--env=PORTAL_INI={DEMO_INI}",
        "portal.wsgi:application",
    ]
    ckan = [env.bin("ckan"), "-c", str(DEMO_INI)]
    # What a crontab does elsewhere: supervisor starts it again each time it ends.
    chores = [
        shlex.join(dies_with_parent([*ckan, "challenge", *chore])) for chore in _CHORES
    ]
    clock = ["sh", "-c", "; ".join([*chores, f"exec sleep {_CHORES_PAUSE}"])]
    return [
        Program("web", dies_with_parent(web), folder=ROOT, autostart=False),
        Program(
            "worker",
            dies_with_parent([*ckan, "jobs", "worker", *_QUEUES]),
            folder=ROOT,
            autostart=False,
        ),
        Program("clock", dies_with_parent(clock), folder=ROOT, autostart=False),
    ]


def _migrate(env: Environment, postgres: Postgres | None) -> None:
    """Bring the database up to date; one that the portal brings along only where it
    lacks a migration of the code that runs now.
    """

    def state() -> dict[str, str]:
        migrations = hashlib.sha256()
        for folder in (env.path, ROOT / "ckanext"):
            for path in sorted(folder.rglob("migration/**/versions/*.py")):
                migrations.update(str(path).encode() + path.read_bytes())
        applied = postgres.migrated_to() if postgres else ""
        return {"code": migrations.hexdigest(), "database": applied}

    if postgres is not None:
        try:
            if json.loads(MIGRATED.read_text(encoding="utf-8")) == state():
                return
        except (OSError, ValueError):
            pass
    with part("Bringing the database up to date"):
        _ckan(env, "migrations", "the migrations failed", "db", "upgrade")
    if postgres is not None:
        MIGRATED.write_text(json.dumps(state()), encoding="utf-8")


def _load(env: Environment, database: str) -> None:
    """Load the directory and the demonstration, once for each database."""
    try:
        loaded = json.loads(LOADED.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        loaded = []
    if database in loaded:
        return
    with part("Loading the directory of communes and EPCI"):
        _ckan(
            env,
            "directory",
            "the directory could not be loaded",
            "challenge",
            "directory",
            "load",
        )
    with part("Loading the demonstration"):
        _ckan(
            env,
            "demonstration",
            "the demonstration could not be loaded",
            "challenge",
            "demo",
            "load",
            # The portal listens on this machine only.
            "--known-passwords",
        )
    LOADED.write_text(json.dumps([*loaded, database]), encoding="utf-8")


def _make_keys(env: Environment) -> None:
    """Make the keys that sign badges, beside the files that CKAN stores."""
    if any((DEMO_DATA / "storage-keys").glob("*.pem")):
        return
    with part("Making the keys that sign badges"):
        _ckan(
            env,
            "keys",
            "the keys could not be made",
            "challenge",
            "keys",
            "create",
            "--if-missing",
        )


def _ckan(env: Environment, log: str, failure: str, *arguments: str) -> None:
    run_logged(
        [env.bin("ckan"), "-c", str(DEMO_INI), *arguments],
        log=DEMO_LOGS / f"{log}.log",
        failure=failure,
        env=env.environ(),
    )


def _answers(site_url: str) -> bool:
    try:
        ports.get(f"{site_url}/api/3/action/status_show", timeout=30)
        return True
    except OSError:
        return False


def _open_pages(site_url: str) -> None:
    """Open the first pages one by one: the first that shows an asset builds it, which
    two web processes must not do at the same time.
    """
    for path in ("/", "/challenge", "/dataset/"):
        try:
            ports.get(site_url + path, timeout=60)
        except OSError as error:
            raise PortalError(
                f"{path} does not open: {error} (see {DEMO_LOGS / 'web.log'})"
            ) from error


def _present(env: Environment, site_url: str) -> None:
    """Say where the portal is and who can sign in."""
    lines = ["", f"The portal is running: {site_url}", ""]
    lines += [
        f"  {name:8}  {password:18}  {label}"
        for name, password, label in _accounts(env)
    ]
    lines += [
        "",
        f"  mails: {DEMO_MAIL}",
        f"  logs:  {DEMO_LOGS}",
        f"  ckan:  {env.bin('ckan')} -c {DEMO_INI}",
        "",
        "Ctrl-C here, or `make stop` in another terminal, ends it; the data stay.",
    ]
    print("\n".join(lines), flush=True)


def _accounts(env: Environment) -> list[tuple[str, str, str]]:
    """The demonstration's accounts: name, password and what the account is for.

    They are read by the environment's Python, as the standard library reads no YAML.
    """
    code = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    with ACCOUNTS.open("rb") as file:
        done = subprocess.run(
            [env.bin("python"), "-c", code], stdin=file, capture_output=True, check=True
        )
    return [
        (account["name"], account["password"], account["label"])
        for account in json.loads(done.stdout)
    ]

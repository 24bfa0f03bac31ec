"""PostgreSQL, Redis, Solr and the mail catcher: how each is prepared, run and known to
be ready.

Each keeps its data in a folder of its own and listens on 127.0.0.1 only, on a port
given to it.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from portal import ports
from portal.console import PortalError
from portal.environment import Environment
from portal.files import private_file
from portal.paths import PORTAL, ROOT, SOLR_LIB
from portal.ports import HOST
from portal.process import clean_environ, dies_with_parent, explain
from portal.system import postgres_bin


@dataclass(frozen=True)
class Program:
    """A program for the process manager to keep running."""

    name: str
    command: Sequence[str]
    folder: Path
    autostart: bool = True
    stop_signal: str = "TERM"
    #: Seconds that it may take to end before it is killed.
    stop_wait: int = 20


class Service(Protocol):
    """One of the servers that the portal brings along."""

    name: str

    def prepare(self) -> None:
        """Make what must exist before the server starts; keeps what is there."""
        ...

    def program(self) -> Program:
        """What to run."""
        ...

    def is_ready(self) -> bool:
        """Whether the server answers now."""
        ...

    def after_start(self) -> None:
        """Make what only a running server can make; keeps what is there."""
        ...


#: CKAN and each plugin have a table of their own for it.
_VERSIONS = """
SELECT string_agg(
    query_to_xml(format('SELECT * FROM %I', table_name), true, true, '')::text,
    '' ORDER BY table_name)
FROM information_schema.tables WHERE table_name LIKE '%alembic_version'
"""


@dataclass
class Postgres:
    """A cluster with one role and one database, both named ``ckan``.

    :param durable: whether what is committed survives a power cut; tests need no such
        care
    """

    folder: Path
    port: int
    password: str
    durable: bool
    name: str = field(default="postgres", init=False)

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        return f"postgresql://ckan:{self.password}@{HOST}:{self.port}/ckan"

    def prepare(self) -> None:
        if (self.folder / "PG_VERSION").exists():
            self._bin()
            return
        # Under its name only once it is whole, however this ends before.
        partial = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700, parents=True)
        secret = private_file(
            self.folder.with_name(f"{self.folder.name}.secret"), self.password
        )
        owner = self._owner()
        if owner is not None:
            os.chown(partial, owner.pw_uid, owner.pw_gid)
            os.chown(secret, owner.pw_uid, owner.pw_gid)
        command = [
            *_as_owner(owner, self.folder),
            str(self._bin() / "initdb"),
            f"--pgdata={partial}",
            "--username=postgres",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        if not self.durable:
            command.append("--no-sync")
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                cwd="/",
                env=clean_environ(),
                check=False,
            )
        finally:
            secret.unlink()
        if done.returncode:
            shutil.rmtree(partial, ignore_errors=True)
            raise PortalError(
                "PostgreSQL could not make its data folder: "
                f"{explain(done.stderr.splitlines())}"
            )
        partial.rename(self.folder)

    def _bin(self) -> Path:
        """The folder of the programs that the cluster needs."""
        try:
            made_by = (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            made_by = None
        folder = postgres_bin(made_by)
        if folder is None:
            raise PortalError(
                f"{self.folder} was made by PostgreSQL {made_by}, which is not "
                f"installed: install postgresql-{made_by}, or remove that folder to "
                "start anew"
                if made_by
                else "PostgreSQL's server programs are not installed"
            )
        return folder

    def _owner(self) -> pwd.struct_passwd | None:
        """The account that runs PostgreSQL where we are root, which PostgreSQL refuses;
        ``None`` where we are not.
        """
        if os.geteuid() != 0:
            return None
        if self.folder.exists():
            return pwd.getpwuid(self.folder.stat().st_uid)
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise PortalError(
            "PostgreSQL refuses to run as root, "
            "and there is neither an account postgres nor nobody"
        )

    def made_at(self) -> int:
        """When the cluster was made, in nanoseconds."""
        return (self.folder / "PG_VERSION").stat().st_mtime_ns

    def program(self) -> Program:
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "logging_collector": "off",
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                # Compiling a query takes longer than reading a few rows.
                "jit": "off",
                # Some tests are many people at once, in each process.
                "max_connections": "200",
            }
        command = [
            *_as_owner(self._owner(), self.folder, pdeathsig="INT"),
            str(self._bin() / "postgres"),
            "-D",
            str(self.folder),
        ]
        for key, value in settings.items():
            command += ["-c", f"{key}={value}"]
        # INT is PostgreSQL's fast shutdown: it ends the sessions that are still open.
        return Program(
            self.name, command, folder=Path("/"), stop_signal="INT", stop_wait=30
        )

    def is_ready(self) -> bool:
        command = [
            str(self._bin() / "pg_isready"),
            "-q",
            "-h",
            HOST,
            "-p",
            str(self.port),
        ]
        return subprocess.run(command, env=clean_environ(), check=False).returncode == 0

    def after_start(self) -> None:
        if not self._sql("SELECT 1 FROM pg_roles WHERE rolname = 'ckan'"):
            # Tests bring a portal back into a database of its own.
            may = "" if self.durable else " CREATEDB"
            self._sql(f"CREATE ROLE ckan LOGIN{may} PASSWORD '{self.password}'")
        if not self._sql("SELECT 1 FROM pg_database WHERE datname = 'ckan'"):
            self._sql("CREATE DATABASE ckan OWNER ckan")

    def copy(self, name: str) -> None:
        """Make another database of what is in ``ckan`` now."""
        self._sql(f"CREATE DATABASE {name} OWNER ckan TEMPLATE ckan")

    def migrated_to(self) -> str:
        """The versions that alembic has written into ``ckan``."""
        return self._sql(_VERSIONS, "ckan")

    def _sql(self, statement: str, database: str = "postgres") -> str:
        command = [
            str(self._bin() / "psql"),
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
        ]
        command += [
            "-h",
            HOST,
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "-d",
            database,
            "-f",
            "-",
        ]
        done = subprocess.run(
            command,
            input=statement,
            capture_output=True,
            text=True,
            env=clean_environ()
            | {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "10"},
            check=False,
        )
        if done.returncode:
            raise PortalError(
                f"PostgreSQL refused a statement: {explain(done.stderr.splitlines())}"
            )
        return done.stdout.strip()


def _as_owner(
    owner: pwd.struct_passwd | None, folder: Path, pdeathsig: str = "TERM"
) -> list[str]:
    """The start of a command that runs as this account and can reach this folder.

    The clone may be below a folder that only root enters, such as ``/root``. There the
    account gets the one capability that lets it pass, and no other; the data keep their
    place in ``.portal``.
    """
    command = ["setpriv", "--pdeathsig", pdeathsig]
    if owner is not None:
        command += [
            "--reuid",
            str(owner.pw_uid),
            "--regid",
            str(owner.pw_gid),
            "--clear-groups",
        ]
        closed = [
            parent for parent in folder.parents if not parent.stat().st_mode & 0o001
        ]
        if closed:
            capability = _passing_capability()
            if capability is None:
                raise PortalError(
                    f"PostgreSQL refuses to run as root, and {owner.pw_name} "
                    f"cannot enter {closed[-1]}: "
                    "move the clone to a folder that everyone may enter"
                )
            command += [
                f"--inh-caps=-all,+{capability}",
                f"--ambient-caps=-all,+{capability}",
            ]
    return [*command, "--"]


def _passing_capability() -> str | None:
    """The smallest capability of this machine that lets an account enter closed
    folders.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    bounding = int(
        next(
            line for line in status.splitlines() if line.startswith("CapBnd:")
        ).split()[1],
        16,
    )
    # Bit numbers of linux/capability.h. Containers often leave out the first, which is
    # the smaller one.
    for bit, name in ((2, "dac_read_search"), (1, "dac_override")):
        if bounding >> bit & 1:
            return name
    return None


@dataclass
class Redis:
    """Sessions, cache and job queue. It asks for a password, since whoever writes into
    the queue runs code.
    """

    folder: Path
    port: int
    password: str
    durable: bool
    name: str = field(default="redis", init=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f'dir "{self.folder}"',
            f"requirepass {self.password}",
            "daemonize no",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
        ]
        private_file(self.folder / "redis.conf", "\n".join(lines) + "\n")

    def program(self) -> Program:
        command = dies_with_parent(["redis-server", str(self.folder / "redis.conf")])
        return Program(self.name, command, folder=self.folder)

    def is_ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return [answers.readline(), answers.readline()] == [
                        b"+OK\r\n",
                        b"+PONG\r\n",
                    ]
        except OSError:
            return False

    def after_start(self) -> None:
        """Nothing to make."""


@dataclass
class Solr:
    """A core named ``ckan``, and others where more are asked for, with the schema of
    the CKAN that uses them.
    """

    folder: Path
    port: int
    env: Environment
    more_cores: Sequence[str] = ()
    name: str = field(default="solr", init=False)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/solr/ckan"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(PORTAL / "solr" / "solr.xml", self.folder)
        for name in ("ckan", *self.more_cores):
            conf = self.folder / name / "conf"
            conf.mkdir(parents=True, exist_ok=True)
            shutil.copytree(PORTAL / "solr" / "conf", conf, dirs_exist_ok=True)
            shutil.copy(self.env.site_file("ckan/config/solr/schema.xml"), conf)
            for empty in ("protwords.txt", "synonyms.txt", "stopwords.txt"):
                (conf / empty).touch()
            (conf.parent / "core.properties").write_text(
                f"name={name}\n", encoding="ascii"
            )

    def program(self) -> Program:
        command = dies_with_parent(
            [
                "java",
                "-Xmx384m",
                # A small index is served as fast with the first-level compiler, and the
                # server starts sooner.
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                f"-Djava.io.tmpdir={self.folder}",
                f"-Dsolr.log.dir={self.folder}",
                "-cp",
                f"{SOLR_LIB}/*",
                "org.eclipse.jetty.xml.XmlConfiguration",
                str(PORTAL / "solr" / "jetty.xml"),
                f"port={self.port}",
            ]
        )
        return Program(self.name, command, folder=self.folder)

    def is_ready(self) -> bool:
        try:
            for name in ("ckan", *self.more_cores):
                core = self.url.removesuffix("ckan") + name
                ports.get(f"{core}/select?q=*:*&rows=0", timeout=5)
            return True
        except OSError:
            return False

    def after_start(self) -> None:
        """Nothing to make."""


@dataclass
class Mailbox:
    """An SMTP server that keeps each mail as a readable file instead of sending it."""

    folder: Path
    port: int
    env: Environment
    name: str = field(default="mail", init=False)

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def program(self) -> Program:
        command = dies_with_parent(
            [
                self.env.bin("python"),
                "-m",
                "portal.mailbox",
                str(self.port),
                str(self.folder),
            ]
        )
        return Program(self.name, command, folder=ROOT)

    def is_ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

    def after_start(self) -> None:
        """Nothing to make."""


def new_secret() -> str:
    """A password that needs no quoting in a URL, an ini file or SQL."""
    return secrets.token_hex(16)

"""Supervisor, the process manager: its configuration, its start, its end, and talking
to it.
"""

from __future__ import annotations

import http.client
import shlex
import signal
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from portal import signals
from portal.console import PortalError
from portal.environment import Environment
from portal.files import private_file
from portal.ports import HOST
from portal.process import dies_with_parent, explain
from portal.services import Program, Service, new_secret

#: What supervisor says of a program that it no longer tries to start.
_GIVEN_UP = "FATAL"


def render(programs: Sequence[Program], *, port: int, password: str) -> str:
    """The text of supervisor's configuration file.

    It is spoken to over TCP with a password, as a Unix socket's path may not be longer
    than 107 characters. Its own files are named from the folder it runs in: it would
    expand a "%" of a full path twice.
    """
    lines = [
        "[supervisord]",
        "logfile=logs/supervisor.log",
        "pidfile=supervisor.pid",
        "childlogdir=logs",
        "silent=true",
        "[inet_http_server]",
        f"port={HOST}:{port}",
        "username=portal",
        f"password={password}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory="
        "supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program in programs:
        lines += [
            f"[program:{program.name}]",
            f"command={_escape(shlex.join(program.command))}",
            f"directory={_escape(program.folder)}",
            f"autostart={str(program.autostart).lower()}",
            "autorestart=true",
            f"stopsignal={program.stop_signal}",
            f"stopwaitsecs={program.stop_wait}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile=logs/{program.name}.log",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=1",
        ]
    return "\n".join(lines) + "\n"


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")


class Supervisor:
    """A running supervisor and the programs under it, all of which end with this
    process.
    """

    def __init__(self, env: Environment, folder: Path, port: int) -> None:
        self.env = env
        self.folder = folder
        self.logs = folder / "logs"
        self._port = port
        self._password = new_secret()
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, services: Iterable[Service], programs: Iterable[Program], held_lock: int
    ) -> None:
        """Prepare the services and start it with them and with these programs.

        :param held_lock: a locked file that supervisor keeps open too, so that the lock
            lasts as long as it runs, even where this process is killed
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        every = list(programs)
        for service in services:
            service.prepare()
            every.append(service.program())
        conf = private_file(
            self.folder / "supervisor.conf",
            render(every, port=self._port, password=self._password),
        )
        with (self.logs / "supervisor.out").open("wb") as output:
            self._process = subprocess.Popen(
                dies_with_parent([self.env.bin("supervisord"), "-n", "-c", str(conf)]),
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.env.environ(),
                pass_fds=(held_lock,),
                # In a session of its own, so that Ctrl-C reaches this process alone,
                # which then ends it in order.
                start_new_session=True,
            )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def states(self) -> dict[str, str]:
        """The state of each program by its name, such as ``RUNNING`` or ``FATAL``."""
        found = cast("list[dict[str, Any]]", self._rpc("getAllProcessInfo"))
        return {entry["name"]: entry["statename"] for entry in found}

    def start_program(self, name: str) -> None:
        """Start one of its programs that does not start by itself."""
        self._rpc("startProcess", name, False)

    def _rpc(self, method: str, *arguments: object) -> object:
        proxy = xmlrpc.client.ServerProxy(
            f"http://portal:{self._password}@{HOST}:{self._port}/RPC2"
        )
        with proxy:
            return getattr(proxy.supervisor, method)(*arguments)

    def wait_for(self, services: Iterable[Service]) -> None:
        """Wait until each of these services is ready, and make in it what only then can
        be made.
        """
        for service in services:
            self.wait(service.name, service.is_ready)
            service.after_start()

    def wait(
        self, name: str, is_ready: Callable[[], bool], timeout: float = 90
    ) -> None:
        """Wait until a program is ready.

        :raises PortalError: it has given up, or is not ready in that many seconds
        """
        deadline = time.monotonic() + timeout
        next_look = time.monotonic() + 1
        while not is_ready():
            if not self.is_running():
                raise PortalError(
                    "the process manager ended: "
                    f"{_last_line(self.logs / 'supervisor.out')}"
                )
            now = time.monotonic()
            if now > deadline:
                raise PortalError(
                    f"{name} does not answer after {timeout:.0f} s: "
                    f"see {self.logs / name}.log"
                )
            if now > next_look:
                next_look = now + 1
                if self._has_given_up(name):
                    log = self.logs / f"{name}.log"
                    raise PortalError(
                        f"{name} does not start: {_last_line(log)} "
                        f"(all of its output: {log})"
                    )
            time.sleep(0.1)

    def _has_given_up(self, name: str) -> bool:
        try:
            return self.states().get(name) == _GIVEN_UP
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def stop(self) -> None:
        """End every program and supervisor itself, and wait for it."""
        if self._process is None:
            return
        with signals.ignored():
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
            self._process.wait()


def _last_line(log: Path) -> str:
    try:
        lines = [
            line.strip()
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        ]
    except OSError:
        return "it left no message"
    return explain([line for line in lines if line][-20:])

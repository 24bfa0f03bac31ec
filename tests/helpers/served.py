"""A portal that serves: its processes, and the file that configures them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from portal import ports

#: Seconds that a process may take to start or to end.
WAIT = 60


def ini_with(folder: Path, settings: Mapping[str, str]) -> Path:
    """The configuration of the tests, with other values, as a file in a folder."""
    lines = [
        line
        for line in Path("test.ini").read_text().splitlines()
        if line.partition("=")[0].strip() not in settings
    ]
    at = lines.index("[app:main]") + 1
    lines[at:at] = [f"{name} = {value}" for name, value in settings.items()]
    ini = folder / "ckan.ini"
    ini.write_text("\n".join(lines))
    return ini


@contextmanager
def running(
    command: list[str], log: Path, is_ready: Callable[[], bool], **environment: str
) -> Iterator[None]:
    """A program, from when it is ready to its end.

    :param command: its first word names a program beside this Python, or a path
    """
    program = str(Path(sys.executable).parent / command[0])
    with log.open("wb") as out:
        process = subprocess.Popen(
            [program, *command[1:]],
            env={**os.environ, **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + WAIT
        while not is_ready():
            said = log.read_text()[-2000:]
            assert process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    """Whether a portal answers under an address."""
    try:
        requests.get(f"{url}/api/3/action/status_show", timeout=WAIT)
    except requests.ConnectionError:
        return False
    return True


@contextmanager
def web(ini: Path, port: int, log: Path, workers: int = 1) -> Iterator[None]:
    """CKAN behind gunicorn, with this file."""
    command = [
        "gunicorn",
        f"--bind={ports.HOST}:{port}",
        f"--workers={workers}",
        "portal.wsgi:application",
    ]
    url = f"http://{ports.HOST}:{port}"
    with running(command, log, lambda: answers(url), PORTAL_INI=str(ini)):
        yield

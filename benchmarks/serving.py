"""A portal of the benchmark's own: gunicorn with two workers, and a job worker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from portal import ports

__all__ = ["INI", "portal", "sign_in", "with_plugins", "worker"]

INI = Path("test.ini").resolve()
_WAIT = 60


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, **more}


@contextmanager
def _running(command: list[str], **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        command,
        env=_environment(**environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=_WAIT)


@contextmanager
def portal() -> Iterator[str]:
    """Serve the portal; gives its address."""
    (port,) = ports.choose(1)
    address = f"http://{ports.HOST}:{port}"
    command = [
        _program("gunicorn"),
        "--workers=2",
        f"--bind={ports.HOST}:{port}",
        "portal.wsgi:application",
    ]
    with _running(command, PORTAL_INI=str(INI)):
        deadline = time.monotonic() + _WAIT
        while True:
            try:
                requests.get(f"{address}/api/3/action/status_show", timeout=_WAIT)
                break
            except requests.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield address


def sign_in(session: requests.Session, address: str, user: str, password: str) -> None:
    """Sign in as a person does.

    :raises RuntimeError: when that is refused
    """
    form = session.get(f"{address}/user/login", timeout=_WAIT).text
    found = re.search(r'name="_csrf_token"[^>]*(?:content|value)="([^"]+)"', form)
    answer = session.post(
        f"{address}/user/login",
        data={
            "login": user,
            "password": password,
            "_csrf_token": found[1] if found else "",
        },
        allow_redirects=False,
        timeout=_WAIT,
    )
    if answer.status_code != 302:
        raise RuntimeError(f"signing in answers {answer.status_code}")


@contextmanager
def worker() -> Iterator[None]:
    """Work on CKAN's jobs."""
    with _running([_program("ckan"), "-c", str(INI), "jobs", "worker"]):
        yield


@contextmanager
def with_plugins(*plugins: str) -> Iterator[str]:
    """An ini file like the benchmark's, with these plugins only."""
    folder = Path(tempfile.mkdtemp())
    lines = INI.read_text().splitlines()
    kept = [
        f"ckan.plugins = {' '.join(plugins)}"
        if line.startswith("ckan.plugins")
        else line
        for line in lines
        if not line.startswith("scheming.")
    ]
    file = folder / "bench.ini"
    file.write_text("\n".join(kept) + "\n")
    try:
        yield str(file)
    finally:
        shutil.rmtree(folder)

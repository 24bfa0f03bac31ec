"""What the portal needs of the machine: which tools are missing, and their installation
where that is allowed.
"""

from __future__ import annotations

import ctypes.util
import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from portal.console import PortalError, part, say
from portal.paths import DEMO_LOGS, PORTAL, STATE
from portal.process import clean_environ, run_logged

CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
_JAVA_AT_LEAST = 17


@dataclass(frozen=True)
class Tool:
    """Something that must be there, and the Debian packages that bring it (``a|b``:
    ``b`` where there is no ``a``).
    """

    label: str
    packages: tuple[str, ...]
    present: Callable[[], bool]


def postgres_bin(version: str | None = None) -> Path | None:
    """The folder of PostgreSQL's server programs, which Debian keeps out of PATH.

    :param version: the major version that is needed; ``None`` for the newest one
    """
    folders: dict[int, Path] = {}
    on_path = shutil.which("initdb")
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    for initdb in [*([Path(on_path)] if on_path else []), *found]:
        if (initdb.parent / "psql").exists():
            folders[_major_version(initdb)] = initdb.parent
    if version is not None:
        return folders.get(int(version))
    return folders[max(folders)] if folders else None


@functools.cache
def _major_version(program: Path) -> int:
    """The first number that a program of PostgreSQL says of its version."""
    shown = subprocess.run(
        [str(program), "--version"], capture_output=True, text=True, check=False
    ).stdout
    number = re.search(r"\d+", shown)
    return int(number.group()) if number else 0


def chromium() -> str | None:
    """The path of a Chromium, for the tests that use a browser."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def nginx() -> str | None:
    """The path of nginx, for the tests of the proxy."""
    # Debian keeps it where only root looks.
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def java_version() -> int:
    """The major version of the Java on PATH, 0 where there is none."""
    try:
        shown = subprocess.run(
            ["java", "-version"], capture_output=True, text=True, check=False
        ).stderr
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', shown)
    return int(found.group(1)) if found else 0


def _has(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


def _can_make_environments() -> bool:
    return bool(
        importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")
    )


def _python_headers() -> bool:
    return Path(sysconfig.get_path("include"), "Python.h").exists()


#: Python packages named after the running version, since ``python3-dev`` is that of the
#: default one.
_OWN_PYTHON = (
    f"python3.{sys.version_info.minor}"
    if sys.executable == "/usr/bin/python3"
    else "python3"
)

SETPRIV = Tool("setpriv", ("util-linux",), _has("setpriv"))
POSTGRESQL = Tool("PostgreSQL", ("postgresql",), lambda: postgres_bin() is not None)
REDIS = Tool("Redis", ("redis-server",), _has("redis-server"))
JAVA = Tool(
    f"Java {_JAVA_AT_LEAST}",
    ("openjdk-17-jre-headless|default-jre-headless",),
    lambda: java_version() >= _JAVA_AT_LEAST,
)
MAVEN = Tool("Maven", ("maven",), _has("mvn"))
CHROMIUM = Tool(
    "Chromium",
    ("chromium|chromium-browser", "fonts-dejavu-core"),
    lambda: chromium() is not None,
)
NGINX = Tool("nginx", ("nginx",), lambda: nginx() is not None)
LIBMAGIC = Tool(
    "libmagic", ("libmagic1",), lambda: ctypes.util.find_library("magic") is not None
)
BUILD = (
    Tool("a C compiler", ("gcc", "libc6-dev"), _has("gcc")),
    Tool("the headers of PostgreSQL", ("libpq-dev",), _has("pg_config")),
    Tool("the headers of Python", (f"{_OWN_PYTHON}-dev",), _python_headers),
    Tool("Python's venv", (f"{_OWN_PYTHON}-venv",), _can_make_environments),
)


def ensure(tools: Iterable[Tool]) -> None:
    """Install what is missing of these tools, or say in one line how to.

    :raises PortalError: something is missing and cannot be installed from here
    """
    missing = [tool for tool in tools if not tool.present()]
    if not missing:
        return
    labels = ", ".join(tool.label for tool in missing)
    packages = list(
        dict.fromkeys(package for tool in missing for package in tool.packages)
    )
    if shutil.which("apt-get") is None:
        raise PortalError(
            f"missing on this machine: {labels}; "
            "install them with its package manager and start again"
        )
    prefix = _privilege()
    if prefix is None:
        names = " ".join(map(_known, packages))
        raise PortalError(
            f"missing on this machine: {labels}; "
            f"run this and start again: sudo apt-get install {names}"
        )
    say(f"Missing on this machine: {labels}.")
    names = ", ".join(package.replace("|", " or ") for package in packages)
    with part(f"Installing the system packages {names}"):
        run_logged(
            [*prefix, "sh", str(PORTAL / "install-packages.sh"), *packages],
            log=DEMO_LOGS / "install-packages.log",
            failure="the system packages could not be installed",
            env=clean_environ(),
        )
    still = [tool.label for tool in missing if not tool.present()]
    if still:
        raise PortalError(f"still missing after installing {names}: {', '.join(still)}")


def _known(package: str) -> str:
    """The first of the alternatives that this machine's package lists know."""
    alternatives = package.split("|")
    for name in alternatives:
        if (
            subprocess.run(
                ["apt-cache", "show", name], capture_output=True, check=False
            ).returncode
            == 0
        ):
            return name
    return alternatives[0]


def _privilege() -> list[str] | None:
    """What to put before a command to run it as root, ``None`` where that right is not
    there.
    """
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if (
        subprocess.run(
            ["sudo", "-n", "true"], capture_output=True, check=False
        ).returncode
        == 0
    ):
        return ["sudo", "-n"]
    if sys.stdin.isatty():
        say(
            "Some system packages are missing: "
            "sudo will ask for your password to install them."
        )
        if subprocess.run(["sudo", "-v"], check=False).returncode == 0:
            return ["sudo", "-n"]
    return None


def ensure_space(gigabytes: float) -> None:
    """Stop where the disk of ``.portal`` has less room than this, rather than half-way
    through.

    :raises PortalError: the room is missing, or the folder cannot be written
    """
    try:
        STATE.mkdir(exist_ok=True)
        free = shutil.disk_usage(STATE).free / 1e9
    except OSError as error:
        raise PortalError(f"{STATE} cannot be written: {error.strerror}") from error
    if not os.access(STATE, os.W_OK):
        raise PortalError(
            f"{STATE} belongs to someone else: "
            "use a clone of your own, or remove that folder"
        )
    if free < gigabytes:
        raise PortalError(
            f"{free:.1f} GB are free on the disk of {STATE}: "
            f"{gigabytes:.1f} GB are needed"
        )

"""The Python environments of the portal, one for each version of CKAN, made once and
kept up to date.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portal import pins
from portal.console import PortalError, part, say
from portal.paths import BYTECODE, DEMO_LOGS, ROOT, STATE
from portal.pins import REQUIREMENTS
from portal.process import clean_environ, run_logged

DEFAULT_VERSION = "2.12"
#: What the editable install of the extension depends on.
_PROJECT_FILES = (ROOT / "pyproject.toml", ROOT / "setup.py")


@dataclass(frozen=True)
class Environment:
    """A virtual environment that holds one version of CKAN, this extension and the
    tools around them.
    """

    version: str

    @property
    def path(self) -> Path:
        name = "venv" if self.version == DEFAULT_VERSION else f"venv-{self.version}"
        return STATE / name

    def bin(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.path / "bin" / name)

    def environ(self) -> dict[str, str]:
        """The process environment in which its programs run."""
        env = clean_environ()
        env["VIRTUAL_ENV"] = str(self.path)
        env["PATH"] = f"{self.path / 'bin'}:{env.get('PATH', '/usr/bin:/bin')}"
        # Kept even where the shell forbids it beside the sources: without it, each of
        # the many processes compiles the extension and its tests anew.
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        env["PYTHONPYCACHEPREFIX"] = str(BYTECODE)
        return env

    def site_file(self, relative: str) -> Path:
        """A file of an installed package, such as ``ckan/config/solr/schema.xml``."""
        found = sorted(self.path.glob(f"lib/python3*/site-packages/{relative}"))
        if not found:
            raise PortalError(
                f"{relative} is missing from {self.path}: "
                "remove that folder and start again"
            )
        return found[0]


def versions() -> list[str]:
    """The versions of CKAN that the extension supports."""
    return sorted(
        path.stem.removeprefix("ckan-") for path in REQUIREMENTS.glob("ckan-*.txt")
    )


def environment(version: str = DEFAULT_VERSION) -> Environment:
    """The environment of this version of CKAN.

    :raises PortalError: the extension does not support that version
    """
    known = versions()
    if version not in known:
        raise PortalError(
            f"CKAN {version} is not supported: choose one of {', '.join(known)}"
        )
    return Environment(version)


def is_current(env: Environment, parts: Sequence[str]) -> bool:
    """Whether these parts (names of requirement files, without ``.txt``) are installed
    as they are written now.
    """
    done = _stamp(env)
    return all(
        done.get(name) == digest for name, digest in _digests(env, parts).items()
    )


def ensure(env: Environment, parts: Sequence[str]) -> None:
    """Make the environment where it is missing, and install what has changed since."""
    if is_current(env, parts):
        return
    log = DEMO_LOGS / f"install-{env.version}.log"
    if not _works(env):
        with part(f"Making a Python environment in {env.path}"):
            run_logged(
                [sys.executable, "-m", "venv", "--clear", str(env.path)],
                log=log,
                failure="the Python environment could not be made",
            )
    wanted = _digests(env, parts)
    with part(
        f"Installing CKAN {env.version} and the extension ({', '.join(parts)}): "
        "the first time takes minutes"
    ):
        for options in _installs(env, parts):
            command = [env.bin("python"), "-m", "pip", "install", "--no-input"]
            run_logged(
                [*command, "--progress-bar", "off", *options],
                log=log,
                failure="the packages could not be installed",
                env=env.environ(),
            )
        _record(env, wanted)


def _installs(env: Environment, parts: Sequence[str]) -> list[list[str]]:
    """What pip is asked for, one after the other: what builds and installs comes first.

    :raises PortalError: the requirements have changed since they were locked
    """
    locked = pins.files(env.version, (pins.BASE, *parts))
    if not locked:
        say(
            f"    Nobody has locked the packages for {pins.kind_of_machine()}: "
            "pip chooses them. portal/portal lock does."
        )
        asked = [
            REQUIREMENTS / f"{name}.txt" for name in (f"ckan-{env.version}", *parts)
        ]
        base = ["--upgrade", *pins.each([REQUIREMENTS / f"{pins.BASE}.txt"])]
        return [base, [*pins.each(asked), "-e", str(ROOT)]]
    return [
        [*pins.EXACTLY, *pins.each(locked[:1])],
        [*pins.EXACTLY, *pins.each(locked[1:])],
        # What it needs is there; a folder has no digest.
        ["--no-deps", "--no-build-isolation", "-e", str(ROOT)],
    ]


def _works(env: Environment) -> bool:
    command = [env.bin("python"), "-m", "pip", "--version"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _stamp(env: Environment) -> dict[str, str]:
    try:
        return json.loads((env.path / "portal.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _record(env: Environment, digests: dict[str, str]) -> None:
    text = json.dumps(_stamp(env) | digests, indent=1)
    (env.path / "portal.json").write_text(text, encoding="utf-8")


def _digests(env: Environment, parts: Sequence[str]) -> dict[str, str]:
    """For each requirement file, a digest of it and of what is installed together with
    it.
    """
    project = b"".join(path.read_bytes() for path in _PROJECT_FILES if path.exists())
    digests: dict[str, str] = {}
    locked = pins.folder(env.version)
    both = (REQUIREMENTS / f"{pins.BASE}.txt", locked / f"{pins.BASE}.txt")
    for name in (f"ckan-{env.version}", *parts):
        content = project + str(ROOT).encode()
        for path in (REQUIREMENTS / f"{name}.txt", locked / f"{name}.txt", *both):
            content += path.read_bytes() if path.exists() else b""
        digests[name] = hashlib.sha256(content).hexdigest()
    return digests

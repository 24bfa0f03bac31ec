"""The database of a release with demonstration content, kept for the tests of upgrades.

Who releases a version writes its dump once, with the code of that version; from then on
``tests/releases/`` upgrades it to whatever comes.
"""

from __future__ import annotations

import io
import lzma
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from portal import runs
from portal.console import PortalError, part, say
from portal.environment import Environment
from portal.paths import DEMO_LOGS, ROOT
from portal.process import run_logged
from portal.system import postgres_bin

FOLDER = ROOT / "tests" / "releases"

#: Where :func:`install` leaves the code.
CODE = "code"

#: The oldest CKAN that the extension supports: a newer one upgrades what that made, and
#: an older one reads nothing that a newer one made.
CKAN = "2.11"

#: What a portal is given, by the commands of the version itself.
_COMMANDS = (
    ("db", "upgrade"),
    ("challenge", "directory", "load"),
    ("challenge", "demo", "load"),
    ("challenge", "keys", "create"),
    ("challenge", "evaluate", "--all"),
)

#: What CKAN keeps of who did what, which no page of ours shows.
_LEFT_OUT = ("activity", "activity_detail")

_SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def write(env: Environment, version: str, commit: str) -> Path:
    """Load the demonstration with the code of a commit and keep the database that this
    makes.

    :param env: of :data:`CKAN`
    :param version: of the release, such as ``0.1.0``
    :returns: the file that was written
    """
    target = FOLDER / f"{version}.sql.xz"
    with tempfile.TemporaryDirectory(prefix="challenge-release-") as name:
        folder = Path(name)
        python = install(env, commit, folder)
        ini = str(folder / CODE / "test.ini")
        with runs.isolated(env, ini=None) as services:
            environ = dict(services) | {"CKAN_STORAGE_PATH": str(folder / "storage")}
            for words in _COMMANDS:
                with part(f"ckan {' '.join(words)}"):
                    run_logged(
                        [str(python), env.bin("ckan"), "-c", ini, *words],
                        log=DEMO_LOGS / "release.log",
                        failure=f"ckan {' '.join(words)} failed at {commit}",
                        env=environ,
                        cwd=folder,
                    )
            text = _dumped(services)
    made = (
        f"-- ckanext-challenge {version} on CKAN {CKAN}:"
        f" portal/portal dump {version} --at {commit[:10]}\n"
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    packed = lzma.compress((made + text).encode(), preset=9 | lzma.PRESET_EXTREME)
    target.write_bytes(packed)
    say(f"    {target.relative_to(ROOT)}: {len(packed) / 1000:.0f} kB")
    return target


def install(env: Environment, commit: str, folder: Path) -> Path:
    """Install the extension as it was at a commit, over the packages of an environment.

    :param folder: gets the code and an environment
    :returns: the Python that imports it, for the environment's own scripts too
    """
    log = DEMO_LOGS / "release.log"
    failure = f"the extension could not be installed as of {commit}"
    code, venv = folder / CODE, folder / "venv"
    _extract(commit, code)
    command = [env.bin("python"), "-m", "venv", "--without-pip", str(venv)]
    run_logged(command, log=log, failure=failure)
    # The packages alone: lines of this kind are not followed any further, so that the
    # editable install of this clone counts for nothing. CKAN puts its own folder, which
    # has a "types", before Python's: that of Python has to be there by then.
    lines = f"import typing\n{env.path / _SITE}\n"
    (venv / _SITE / "portal.pth").write_text(lines, encoding="utf-8")
    command = [env.bin("python"), "-m", "pip", "install", "--no-input", "--no-deps"]
    command += ["--no-build-isolation", "--target", str(venv / _SITE), str(code)]
    run_logged(command, log=log, failure=failure, env=env.environ())
    # With it the package would hide what others have in the same namespace.
    (venv / _SITE / "ckanext" / "__init__.py").unlink(missing_ok=True)
    return venv / "bin" / "python"


def resolve(reference: str) -> str:
    """The full name of a commit."""
    return _git("rev-parse", "--verify", f"{reference}^{{commit}}").decode().strip()


def _extract(commit: str, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as archive:
        archive.extractall(folder, filter="data")


def _git(*words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise PortalError(f"git {words[0]}: {done.stderr.decode().strip()}")
    return done.stdout


def _dumped(services: Mapping[str, str]) -> str:
    """The database as statements that any client may send."""
    programs = postgres_bin(None)
    if programs is None:
        raise PortalError("PostgreSQL's programs are not installed")
    command = [str(programs / "pg_dump"), "--no-owner", "--no-privileges"]
    command += ["--inserts", "--rows-per-insert=500"]
    command += [f"--exclude-table-data={name}" for name in _LEFT_OUT]
    done = subprocess.run(
        [*command, services["CKAN_SQLALCHEMY_URL"]],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PortalError(f"pg_dump: {done.stderr.strip()}")
    # Lines for psql, which a server does not take.
    lines = done.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(("\\", "--")))

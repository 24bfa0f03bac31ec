"""Each Python that the extension says it runs on: packages, modules, rules.

All is tried on the Python that runs this. On the others, what the extension depends on
is installed, but for CKAN; what can be is imported, and the domain is tested with fewer
examples.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portal.console import PortalError, part, say
from portal.paths import DEMO_LOGS, ROOT, STATE
from portal.process import clean_environ, dies_with_parent, run_logged

_FOLDER = STATE / "pythons"
_TRY = Path(__file__).with_name("try_python.py")
#: CKAN, and what comes with it: tried elsewhere.
_NOT_HERE = re.compile(r"ckan(ext-scheming)?\b(?!ext)")
_TOOLS = ("pytest>=8", "hypothesis", "lxml")


def check() -> int:
    """Try each Python that is on this machine, two at a time.

    :returns: the exit status
    """
    found: dict[str, str] = {}
    for version in versions():
        if version == f"{sys.version_info.major}.{sys.version_info.minor}":
            continue
        program = find(version)
        if program is None:
            say(f"Python {version} is not on this machine: it was not tried")
        else:
            found[version] = program
    if not found:
        raise PortalError("no Python was found that the extension says it runs on")
    with part(f"Trying Python {', '.join(found)}"), ThreadPoolExecutor(2) as pool:
        results = list(pool.map(_try, found, found.values()))
    for version, (code, output) in zip(found, results, strict=True):
        lines = output.splitlines()
        told = lines if code else [lines[0], lines[-1]]
        say(f"Python {version}{' FAILED' if code else ''}")
        print("\n".join(told), flush=True)
    return 1 if any(code for code, _ in results) else 0


def versions() -> list[str]:
    """The versions of Python that ``pyproject.toml`` names."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)


def find(version: str) -> str | None:
    """The program of a version of Python, from the path or from pyenv's folder."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [
        shutil.which(f"python{version}"),
        *sorted(map(str, root.glob(f"versions/{version}.*/bin/python"))),
    ]
    return next((each for each in candidates if each and _is(each, version)), None)


def _is(program: str, version: str) -> bool:
    """Whether a program runs and is what its name says: pyenv leaves names that do
    nothing on the path.
    """
    told = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run(
        [program, "-c", told], capture_output=True, text=True, check=False
    )
    return done.returncode == 0 and done.stdout.strip() == version


def dependencies() -> list[str]:
    """What the extension depends on, but for CKAN."""
    return [each for each in all_dependencies() if not _NOT_HERE.match(each)]


def all_dependencies() -> list[str]:
    """What the extension depends on, as ``pyproject.toml`` says it."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table = re.search(r"^dependencies = \[(.*?)^\]$", project, re.M | re.S)
    assert table is not None
    return re.findall(r'^ *"(.+)",$', table[1], re.M)


def _try(version: str, program: str) -> tuple[int, str]:
    try:
        python = _environment(version, program)
    except PortalError as error:
        return 1, str(error)
    done = subprocess.run(
        dies_with_parent([str(python), str(_TRY), str(ROOT)]),
        cwd=ROOT,
        env=clean_environ() | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def _environment(version: str, program: str) -> Path:
    """A Python with what the extension depends on, but for CKAN; kept until that
    changes.
    """
    venv = _FOLDER / version
    wanted = [*_TOOLS, *dependencies()]
    digest = hashlib.sha256("\n".join([program, *wanted]).encode()).hexdigest()
    stamp = venv / "portal"
    python = venv / "bin" / "python"
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return python
    log = DEMO_LOGS / f"python-{version}.log"
    failure = f"the packages for Python {version} could not be installed"
    run_logged([program, "-m", "venv", "--clear", str(venv)], log=log, failure=failure)
    command = [str(python), "-m", "pip", "install", "--no-input", "--only-binary=:all:"]
    run_logged([*command, "-q", *wanted], log=log, failure=failure)
    stamp.write_text(digest, encoding="ascii")
    return python

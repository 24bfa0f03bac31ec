"""Checks what people install: the wheel, in an environment of its own, outside the
clone.

An editable install finds every file of the clone and so hides those that the wheel
lacks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from portal import ini, ports, runs
from portal.console import PortalError, part, say
from portal.environment import REQUIREMENTS, Environment
from portal.paths import PORTAL, ROOT
from portal.ports import HOST
from portal.process import clean_environ, dies_with_parent, run_logged

#: What a browser is shown by an installed extension that is whole, in each language.
_PAGES = ("/challenge", "/en/challenge", "/dataset/", "/api/3/action/status_show")
_READY_TIMEOUT = 60.0


def check(env: Environment) -> None:
    """Build the wheel, install it, make a database with it and render pages.

    :raises PortalError: a file is missing from it, or one of these steps fails
    """
    folder = Path(tempfile.mkdtemp(prefix="challenge-wheel-"))
    try:
        with part("Building the source distribution and the wheel"):
            wheel = _build(env, folder)
        lacking = missing(_tracked(), zipfile.ZipFile(wheel).namelist())
        if lacking:
            raise PortalError(f"the wheel lacks {', '.join(lacking)}")
        say(f"    {wheel.name} holds every file of the package")
        sdist = next((folder / "dist").glob("*.tar.gz"))
        with tarfile.open(sdist) as archive:
            unwanted = tests(archive.getnames())
        if unwanted:
            raise PortalError(f"{sdist.name} holds {unwanted[0]}, and not all of them")
        with part("Asking twine what the registry would say of both"):
            _twine(folder, [wheel, sdist])
        with part("Installing the wheel in a clean environment"):
            installed = _install(env, wheel, folder)
        with runs.isolated(env, ini=None) as services:
            _try(installed, folder, services)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def missing(tracked: Collection[str], packed: Collection[str]) -> list[str]:
    """The files of the package that the wheel lacks, and compiled catalogues too, which
    are made when it is built.
    """
    expected = {name for name in tracked if name.startswith("ckanext/")}
    catalogues = {
        name.removesuffix(".po") + ".mo" for name in expected if name.endswith(".po")
    }
    return sorted((expected | catalogues) - set(packed))


def tests(packed: Collection[str]) -> list[str]:
    """The tests that a source distribution holds: none, since they need the portal."""
    return sorted(name for name in packed if "/tests/" in f"{name}/")


def _twine(folder: Path, files: Sequence[Path]) -> None:
    """Check the description and what else is said of the package, to the letter."""
    log = folder / "twine.log"
    failure = "what is said of the package would be refused"
    venv = folder / "twine"
    run_logged([sys.executable, "-m", "venv", str(venv)], log=log, failure=failure)
    # In an environment of its own: it needs a packaging that CKAN 2.11 forbids.
    command = [str(venv / "bin" / "pip"), "install", "--no-input", "-q"]
    command += ["-r", str(REQUIREMENTS / "release.txt")]
    run_logged(command, log=log, failure="twine could not be installed")
    command = [str(venv / "bin" / "twine"), "--no-color", "check", "--strict"]
    run_logged([*command, *map(str, files)], log=log, failure=failure)


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--", "ckanext"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode or not listed.stdout:
        raise PortalError("git does not list the files of this clone")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def _build(env: Environment, folder: Path) -> Path:
    run_logged(
        [env.bin("python"), "-m", "build", "--outdir", str(folder / "dist"), str(ROOT)],
        log=folder / "build.log",
        failure="the wheel could not be built",
        env=env.environ(),
    )
    return next((folder / "dist").glob("*.whl"))


def _install(env: Environment, wheel: Path, folder: Path) -> Path:
    """The folder of the programs of a new environment that holds the wheel."""
    log = folder / "install.log"
    venv = folder / "venv"
    run_logged(
        [sys.executable, "-m", "venv", str(venv)],
        log=log,
        failure="the environment for the wheel could not be made",
    )
    requirements = [f"ckan-{env.version}", "run"]
    command = [str(venv / "bin" / "pip"), "install", "--no-input"]
    for name in requirements:
        command += ["-r", str(REQUIREMENTS / f"{name}.txt")]
    run_logged(
        [*command, "--progress-bar", "off", str(wheel)],
        log=log,
        failure="the wheel could not be installed",
        cwd=folder,
    )
    return venv / "bin"


def _try(programs: Path, folder: Path, services: Mapping[str, str]) -> None:
    """Use the installed extension as a portal does, from its database to its pages."""
    (port,) = ports.choose(1)
    config = folder / "ckan.ini"
    ini.write(
        config,
        {
            "site_url": f"http://{HOST}:{port}",
            "region": PORTAL / "region",
            "secret_key": "only-for-this-check",
            "sqlalchemy_url": services["CKAN_SQLALCHEMY_URL"],
            "solr_url": services["CKAN_SOLR_URL"],
            "redis_url": services["CKAN_REDIS_URL"],
            "storage_path": folder,
            "smtp_server": f"{HOST}:1",
        },
    )
    shutil.copy(PORTAL / "wsgi.py", folder / "installed_portal.py")
    environ = clean_environ(os.environ) | {"PORTAL_INI": str(config)}
    origin = subprocess.run(
        [programs / "python", "-c", "import ckanext.challenge as c; print(c.__file__)"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    if not origin.startswith(str(folder)):
        raise PortalError(f"the extension was imported from {origin or 'nowhere'}")
    for words in (("db", "upgrade"), ("challenge", "directory", "load")):
        with part(f"ckan {' '.join(words)}"):
            run_logged(
                [str(programs / "ckan"), "-c", str(config), *words],
                log=folder / "ckan.log",
                failure=f"ckan {' '.join(words)} failed with the wheel",
                env=environ,
                cwd=folder,
            )
    with (folder / "web.log").open("wb") as log:
        web = subprocess.Popen(
            dies_with_parent(
                [
                    str(programs / "gunicorn"),
                    f"--bind={HOST}:{port}",
                    "--timeout=120",
                    "installed_portal:application",
                ]
            ),
            cwd=folder,
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            for path in _PAGES:
                _get(f"http://{HOST}:{port}{path}")
                say(f"    {path} answers 200")
        finally:
            web.terminate()
            web.wait()


def _get(url: str) -> None:
    """Ask for a page, which must answer 200, waiting for the server to start."""
    deadline = time.monotonic() + _READY_TIMEOUT
    while True:
        try:
            ports.get(url, _READY_TIMEOUT)
            return
        except urllib.error.HTTPError as error:
            raise PortalError(f"{url} answers {error.code} with the wheel") from error
        except OSError as error:
            if time.monotonic() > deadline:
                raise PortalError(f"{url} does not answer with the wheel") from error
            time.sleep(0.2)

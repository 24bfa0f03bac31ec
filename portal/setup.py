"""Everything that must be on the machine before anything starts, made once for all that
run at the same time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from portal import environment, locks, system
from portal.console import PortalError, part, say
from portal.environment import Environment
from portal.paths import DEMO_LOGS, PORTAL, ROOT, RUNS, SOLR_LIB, STATE
from portal.process import clean_environ, run_logged
from portal.system import Tool

_SPACE_TO_INSTALL = 3.0
_SPACE_TO_RUN = 0.3

#: An interpolation, or the start of a comment.
_NOT_IN_INI_FILES = re.compile(r"%|\s[;#]")

SERVICES = (
    system.SETPRIV,
    system.LIBMAGIC,
    system.POSTGRESQL,
    system.REDIS,
    system.JAVA,
)


def prepare(
    env: Environment, parts: Sequence[str], tools: Iterable[Tool], *, solr: bool = True
) -> None:
    """Install the tools, the Python environment and, with ``solr``, Solr's jars, where
    they are missing or old.
    """
    if odd := _NOT_IN_INI_FILES.search(str(ROOT)):
        raise PortalError(
            f"the path of this clone holds {odd.group()!r}, which ini files "
            "cannot name: move the clone"
        )
    with_jars = solr and not _has_jars()
    with_environment = not environment.is_current(env, parts)
    system.ensure_space(
        _SPACE_TO_INSTALL if with_jars or with_environment else _SPACE_TO_RUN
    )
    with locks.lock(STATE / "setup.lock", "another make is installing what both need"):
        wanted = list(tools)
        if with_environment:
            wanted += system.BUILD
        if with_jars:
            wanted.append(system.MAVEN)
        system.ensure(wanted)
        environment.ensure(env, parts)
        if solr:
            _ensure_jars()


def prepare_services(tools: Iterable[Tool]) -> None:
    """Install the tools and Solr's jars, where they are missing."""
    with locks.lock(STATE / "setup.lock", "another make is installing what both need"):
        system.ensure([*tools, *system.BUILD, *([] if _has_jars() else [system.MAVEN])])
        _ensure_jars()


def clean() -> int:
    """Remove all that this package made, once nothing of it runs.

    :returns: the exit status
    """
    held = [STATE / "demo.lock", STATE / "setup.lock", *RUNS.glob("test-*/lock")]
    with ExitStack() as stack:
        for path in held:
            if not path.exists():
                continue
            fd = locks.try_lock(path)
            if fd is None:
                raise PortalError(f"{path} is in use: end what runs here, then clean")
            stack.callback(os.close, fd)
        shutil.rmtree(STATE, ignore_errors=True)
    if STATE.exists():
        raise PortalError(f"{STATE} could not be removed whole: does root own a part?")
    say("Removed .portal, with all that it held.")
    return 0


def _ensure_jars() -> None:
    if _has_jars():
        return
    with part("Bringing Solr in (about 85 MB)"):
        shutil.rmtree(SOLR_LIB, ignore_errors=True)
        run_logged(
            [
                "mvn",
                "-B",
                f"--file={PORTAL / 'solr' / 'pom.xml'}",
                "dependency:copy-dependencies",
                f"-DoutputDirectory={SOLR_LIB}",
                "-DincludeScope=runtime",
            ],
            log=DEMO_LOGS / "install-solr.log",
            failure="Solr could not be brought in",
            env=clean_environ(),
        )
        (SOLR_LIB / "complete").write_text(_pom_digest(), encoding="ascii")


def _has_jars() -> bool:
    try:
        return (SOLR_LIB / "complete").read_text(encoding="ascii") == _pom_digest()
    except OSError:
        return False


def _pom_digest() -> str:
    return hashlib.sha256((PORTAL / "solr" / "pom.xml").read_bytes()).hexdigest()

"""Schemathesis in an environment of its own, apart from what the tests use."""

from __future__ import annotations

import os
import sys

from portal import runs
from portal.console import part
from portal.environment import Environment
from portal.paths import DEMO_LOGS, STATE
from portal.process import clean_environ, run_logged

_PACKAGE = "schemathesis==4.32.5"


def fuzz(env: Environment, seconds: int) -> int:
    """Ask the API what nobody expects, as a visitor and as a sysadmin.

    :param seconds: for which each of them asks
    :returns: the exit status
    """
    folder = STATE / "fuzz"
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text("utf-8") != _PACKAGE:
        log = DEMO_LOGS / "install-fuzz.log"
        failure = "Schemathesis could not be installed"
        with part(f"Installing {_PACKAGE}"):
            run_logged(
                [sys.executable, "-m", "venv", "--clear", str(folder)],
                log=log,
                failure=failure,
            )
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install"]
            run_logged(
                [*pip, "--no-input", _PACKAGE],
                log=log,
                failure=failure,
                env=clean_environ(),
            )
        stamp.write_text(_PACKAGE, "utf-8")
    os.environ["PORTAL_SCHEMATHESIS"] = str(folder / "bin" / "schemathesis")
    os.environ["PORTAL_FUZZ_SECONDS"] = str(seconds)
    return runs.test(env, ["-p", "no:xdist", "tests/test_fuzz.py"])

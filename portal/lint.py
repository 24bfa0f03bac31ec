"""The checks that need no service: style, types, imports between rooms, and the tests
that ask for nothing of CKAN.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from portal.console import say, warn
from portal.environment import Environment
from portal.paths import ROOT
from portal.process import dies_with_parent

#: The longest first: the others fit beside it.
CHECKS = (
    ("pyright",),
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("lint-imports", "--no-cache"),
)
#: In one process: a second one would collect the tests once more, beside pyright.
PURE_TESTS = ("python", "-m", "pytest", "-q", "-m", "pure", "-p", "no:xdist")


def lint(env: Environment) -> int:
    """Run every check of style, types and imports.

    :returns: the exit status
    """
    return _run(env, CHECKS)


def check(env: Environment) -> int:
    """Run every check, and the tests that ask for nothing of CKAN.

    :returns: the exit status
    """
    return _run(env, (PURE_TESTS, *CHECKS))


def _run(env: Environment, commands: Sequence[Sequence[str]]) -> int:
    """Run them two at a time, and all of them, so that one run shows all there is to
    mend.
    """
    environ = env.environ() | {"PORTAL_CKAN": env.version}

    def run(command: Sequence[str]) -> tuple[int, bytes]:
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                dies_with_parent([env.bin(command[0]), *command[1:]]),
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            output.seek(0)
            return done.returncode, output.read()

    failed: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for command, (code, output) in zip(
            commands, pool.map(run, commands), strict=True
        ):
            title = " ".join(command)
            say(f"==> {title}")
            sys.stdout.buffer.write(output)
            sys.stdout.flush()
            if code:
                failed.append(title)
    if failed:
        warn(f"failed: {', '.join(failed)}")
    return 1 if failed else 0

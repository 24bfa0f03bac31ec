"""The checks that need no service: style, types and imports between rooms."""

from __future__ import annotations

import subprocess

from portal.console import say, warn
from portal.environment import Environment
from portal.paths import ROOT
from portal.process import dies_with_parent

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("pyright",),
    ("lint-imports", "--no-cache"),
)


def lint(env: Environment) -> int:
    """Run every check, so that one run shows all there is to mend.

    :returns: the exit status
    """
    failed: list[str] = []
    for check in CHECKS:
        title = " ".join(check)
        say(f"==> {title}")
        command = dies_with_parent([env.bin(check[0]), *check[1:]])
        done = subprocess.run(command, cwd=ROOT, env=env.environ(), check=False)
        if done.returncode:
            failed.append(title)
    if failed:
        warn(f"failed: {', '.join(failed)}")
    return 1 if failed else 0

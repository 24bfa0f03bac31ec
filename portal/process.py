"""Running other programs: a clean environment for them, a log of what they say, one
line when they fail.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.console import PortalError, say
from portal.paths import ROOT
from portal.ports import HOST

#: Variables of the caller that would change what the programs of the portal do. CKAN
#: reads ``CKAN_*`` over its ini file and libpq reads ``PG*``: left in place, they could
#: lead a test to a developer's own database.
_LEAKING = re.compile(
    r"^(CKAN|PG|PYTHONPATH$|PYTHONHOME$|VIRTUAL_ENV$|GUNICORN_CMD_ARGS$|REDIS_URL$)"
)

#: Seconds between two signs of life where the output is not a terminal.
_SIGN_OF_LIFE = 20.0

_CAUSES = (
    (
        re.compile(r"No space left on device|ENOSPC|disk quota exceeded", re.I),
        "no space is left on the disk",
    ),
    (
        re.compile(
            r"Temporary failure (in name resolution|resolving)|Could not resolve"
            r"|Name or service not known|Network is unreachable|UnknownHostException"
            r"|Failed to establish a new connection|Connection timed out"
            r"|Read timed out",
            re.I,
        ),
        "the package registry could not be reached: is there a network?",
    ),
)


def clean_environ(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without what would lead CKAN, libpq or Python elsewhere, and with
    no proxy before this machine's own addresses.
    """
    source = os.environ if environ is None else environ
    env = {name: value for name, value in source.items() if not _LEAKING.match(name)}
    # CKAN reaches Solr by a library that would send even that through a proxy.
    own = f"{HOST},localhost"
    for name in ("no_proxy", "NO_PROXY"):
        env[name] = f"{env[name]},{own}" if env.get(name) else own
    return env


def dies_with_parent(command: Sequence[str], signal_name: str = "TERM") -> list[str]:
    """The same command, which gets the signal when the process that starts it dies,
    even by ``kill -9``.
    """
    return ["setpriv", "--pdeathsig", signal_name, "--", *command]


def run_logged(
    command: Sequence[str],
    *,
    log: Path,
    failure: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> None:
    """Run a long command: its output goes to ``log``, and a shortened view of it to the
    terminal.

    :param failure: how the one line of the error starts
    :raises PortalError: the command ended non-zero or could not be started
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    live = sys.stderr.isatty()
    last_shown = time.monotonic()
    tail: list[str] = []
    try:
        with log.open("w", encoding="utf-8") as sink:
            process = subprocess.Popen(
                dies_with_parent(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else clean_environ(),
                cwd=cwd,
                text=True,
                errors="replace",
            )
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    sink.write(line)
                    text = line.strip()
                    if not text:
                        continue
                    tail = [*tail[-40:], text]
                    if live:
                        print(
                            f"\r\x1b[K    {text[:100]}",
                            end="",
                            file=sys.stderr,
                            flush=True,
                        )
                    elif time.monotonic() - last_shown > _SIGN_OF_LIFE:
                        say(f"    … {text[:100]}")
                        last_shown = time.monotonic()
                code = process.wait()
            except BaseException:
                process.send_signal(signal.SIGTERM)
                process.wait()
                raise
            finally:
                if live:
                    print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    except OSError as error:
        raise PortalError(f"{failure}: {error}") from error
    if code:
        raise PortalError(f"{failure}: {explain(tail)} (all of its output: {log})")


def explain(tail: Sequence[str]) -> str:
    """The most telling line among the last ones that a failed command printed."""
    for pattern, cause in _CAUSES:
        if any(pattern.search(line) for line in tail):
            return cause
    errors = [
        line
        for line in tail
        if re.search(r"error\b|^E: |fatal", line, re.I)
        # SQLAlchemy's last line names its own documentation instead of the error.
        and not line.startswith("(Background on this error")
    ]
    chosen = errors[-1:] or list(tail[-1:]) or ["it said nothing"]
    return chosen[0][:300]

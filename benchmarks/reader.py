"""A process that loads CKAN with an ini file and reads the pages it is told to.

    echo /about | python -m benchmarks.reader FILE.ini

Says first what starting took, then answers each line with what reading took, as JSON.
Time is that of its processor: what else the machine does meanwhile counts little.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["Reader"]


def _say(**found: Any) -> None:
    print("found", json.dumps(found), flush=True)


def _megabytes() -> float:
    """What the process holds now (Linux alone)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _calls(work: Any) -> int:
    """How many functions are called meanwhile: the same on whatever machine."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return int(getattr(pstats.Stats(profile), "total_calls"))  # noqa: B009


def main(ini: str) -> None:
    """Start, read, answer."""
    began = time.process_time()
    from benchmarks import volume  # noqa: PLC0415

    volume.load_ckan(ini)
    started = time.process_time() - began

    from ckan.tests.helpers import _get_test_app  # noqa: PLC0415

    from benchmarks.statements import sent_statements  # noqa: PLC0415

    _say(seconds=started, megabytes=_megabytes())
    client = _get_test_app().flask_app.test_client()
    for line in sys.stdin:
        path = line.strip()
        began = time.process_time()
        status = client.get(path).status_code
        seconds = time.process_time() - began
        with sent_statements() as sent:
            calls = _calls(lambda path=path: client.get(path))
        _say(
            status=status,
            seconds=seconds,
            statements=len(sent),
            calls=calls,
            megabytes=_megabytes(),
        )


class Reader:
    """Such a process, with plugins of its own."""

    def __init__(self, ini: str) -> None:
        import subprocess  # noqa: PLC0415

        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.reader", ini],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.started = self._answer()

    def read(self, path: str) -> dict[str, Any]:
        """What reading a page took.

        :raises RuntimeError: it is not answered
        """
        assert self._process.stdin
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        found = self._answer()
        if found["status"] != 200:
            raise RuntimeError(f"{path} answers {found['status']}")
        return found

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("found "):
                answer: dict[str, Any] = json.loads(line.removeprefix("found "))
                return answer
        raise RuntimeError("the process has ended")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=60)


if __name__ == "__main__":
    main(sys.argv[1])

"""Ends what a command leaves behind, such as a browser or a server that its tests
started.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


@contextmanager
def no_orphans(patience: float = 5) -> Iterator[None]:
    """Become the parent of every orphan below this process, and end those that are new
    when the block ends.

    :param patience: seconds between the polite signal and the other
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = _children()
    try:
        yield
    finally:
        deadline = time.monotonic() + patience
        sent = signal.SIGTERM
        while left := _children() - before:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, sent)
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            if time.monotonic() > deadline:
                sent = signal.SIGKILL
            time.sleep(0.05)


def _children() -> set[int]:
    """The processes whose parent this one is now."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found.update(
                map(int, (task / "children").read_text(encoding="ascii").split())
            )
    return found

"""How much memory processes take (Linux alone)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Peak", "most", "now", "peak", "start_anew"]

#: Seconds between two looks.
PAUSE = 0.2


@dataclass
class Peak:
    """The most that was seen.

    :ivar megabytes: proportional set size (PSS): a page that two processes share counts
        half for each, so that their sum is what the machine must have
    """

    megabytes: float = 0.0


@contextmanager
def peak() -> Iterator[Peak]:
    """Watch the memory meanwhile (Linux alone)."""
    found, ended = Peak(), threading.Event()

    def watch() -> None:
        while not ended.wait(PAUSE):
            found.megabytes = max(found.megabytes, _together(os.getpid()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()
        found.megabytes = max(found.megabytes, _together(os.getpid()))


def _together(pid: int) -> float:
    """Megabytes of a process and its children."""
    total = _pss(pid)
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            children = (task / "children").read_text(encoding="ascii").split()
        except OSError:
            continue
        total += sum(_together(int(child)) for child in children)
    return total


def _pss(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        # It has just ended.
        return 0.0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def now() -> float:
    """Megabytes that this process has in memory."""
    return _of_status("VmRSS")


def most() -> float:
    """The most megabytes that this process had, since :func:`start_anew` if called.

    Not ``ru_maxrss``: that begins with what the process had that started this one.
    """
    return _of_status("VmHWM")


def start_anew() -> None:
    """Forget how much was needed so far."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _of_status(name: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    for line in status.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"the system does not tell {name}")

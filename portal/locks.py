"""Advisory file locks, which the kernel releases when their holder dies, however it
dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.console import say


def try_lock(path: Path) -> int | None:
    """Take the lock of this file without waiting.

    :returns: a file descriptor that holds the lock until it is closed, or ``None`` when
        another process holds it
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


@contextmanager
def lock(path: Path, waiting_for: str) -> Iterator[None]:
    """Hold the lock of this file, waiting for it when needed and saying so.

    :param waiting_for: what the other process is doing, for the message
    """
    fd = try_lock(path)
    if fd is None:
        say(f"==> waiting: {waiting_for}")
        fd = os.open(path, os.O_RDWR)
        fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)

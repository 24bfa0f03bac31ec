"""What the signals that ask this process to end do."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ASKING_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked this process to end: raised where it was, so that every
    ``finally`` runs.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def install() -> None:
    """Have each of these signals raise :class:`Stopped`."""
    for signum in ASKING_TO_END:
        signal.signal(signum, _raise)


@contextmanager
def ignored() -> Iterator[None]:
    """Let none of these signals interrupt something short that must reach its end."""
    before = [
        (signum, signal.signal(signum, signal.SIG_IGN)) for signum in ASKING_TO_END
    ]
    try:
        yield
    finally:
        for signum, handler in before:
            signal.signal(signum, handler)


def _raise(signum: int, frame: object) -> None:
    raise Stopped(signum)

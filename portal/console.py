"""What the portal says on the terminal, and the one error that ends it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class PortalError(Exception):
    """Something that the person at the terminal can act on. Its text is one line,
    without a traceback.
    """


def say(text: str) -> None:
    """Print one line of progress on stderr: stdout belongs to the commands that the
    portal runs.
    """
    print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Print a line about something that went wrong or that needs attention."""
    say(f"portal: {text}")


@contextmanager
def part(title: str) -> Iterator[None]:
    """Announce a long part when it starts, and say how long it took when it has
    succeeded.
    """
    say(f"==> {title}")
    start = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - start:.1f} s")

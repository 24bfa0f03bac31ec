"""Python's search for garbage, put off while millions of small objects are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def search_paused(when: bool = True) -> Iterator[None]:
    """Look for no cycles of objects meanwhile.

    Measurements and verdicts are tuples, and tuples of tuples: none refers back to
    itself, so that all are freed without a search. It would go through all of them
    again and again, which takes a third of an evaluation's time.

    :param when: whether there are so many of them
    """
    if not when or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

"""Hold back the garbage collector while a table is read."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def uncollected(act: Callable[P, R]) -> Callable[P, R]:
    """Let a function make its many small lists without a search for what to free.

    None of them is in a circle, and looking through a table again and again takes
    several times as long as making it.
    """

    @functools.wraps(act)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        if not gc.isenabled():
            return act(*arguments, **options)
        gc.disable()
        try:
            return act(*arguments, **options)
        finally:
            gc.enable()

    return run

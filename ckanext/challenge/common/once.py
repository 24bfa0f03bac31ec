"""What a request that only reads asks once, however many of its parts want to know."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from flask import g, has_request_context, request

T = TypeVar("T")
_KEPT = "challenge_asked"


def once(key: Hashable, ask: Callable[[], T]) -> T:
    """The answer to a question, asked the first time only while a page is made.

    A request that may change something asks again each time, and so does what runs
    outside of one, and whoever has changed something nevertheless.

    :param key: the question, and who asks it
    :param ask: asks; what it raises is not kept
    """
    if not has_request_context() or request.method not in ("GET", "HEAD"):
        return ask()
    kept = g.setdefault(_KEPT, {})
    if key not in kept:
        kept[key] = ask()
    return cast(T, kept[key])


def forget() -> None:
    """Ask all questions again: something was changed after all."""
    if has_request_context():
        g.pop(_KEPT, None)

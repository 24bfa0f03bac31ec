"""What a process remembers of answers that it gave a moment ago.

Only what everybody may read is remembered. An answer is given again as long as its
version is the same (see :mod:`.page_version`) and for a bounded time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ckan import model
from sqlalchemy import event

from . import once

T = TypeVar("T")

_caches: list[PageCache] = []
_WROTE = "challenge_wrote"


class PageCache:
    """The latest answers of one kind, the oldest forgotten first.

    :param seconds: how long an answer is good at most
    :param size: how many are kept
    :param stored: whether they show what is stored: they are forgotten as soon as this
        process changes it. What is made of its question alone, such as the pixels of a
        picture, is kept.
    """

    def __init__(self, seconds: float, size: int = 200, *, stored: bool = True) -> None:
        self.seconds, self.size, self.stored = seconds, size, stored
        self._kept: OrderedDict[Hashable, tuple[float, Any, Any]] = OrderedDict()
        self._lock = threading.Lock()
        _caches.append(self)

    def get_or_create(self, key: Hashable, version: object, make: Callable[[], T]) -> T:
        """The answer to a question, made anew where it is not remembered.

        :param key: the question
        :param version: of what the answer shows; another one makes it anew
        :param make: makes the answer; what it raises is not remembered
        """
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept and kept[0] > now and kept[1] == version:
            return kept[2]
        answer = make()
        with self._lock:
            self._kept[key] = (now + self.seconds, version, answer)
            self._kept.move_to_end(key)
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)
        return answer

    def forget(self) -> None:
        """Remember nothing more."""
        with self._lock:
            self._kept.clear()


def forget_all() -> None:
    """Forget all that any cache of this process keeps."""
    for cache in _caches:
        cache.forget()


def _wrote(session: Any, *_: Any) -> None:
    session.info[_WROTE] = True
    once.forget()


def _executed(state: Any) -> None:
    text = getattr(state.statement, "text", "SELECT")
    if not state.is_select and not text.lstrip()[:6].upper().startswith(
        ("SELECT", "WITH")
    ):
        _wrote(state.session)


def _committed(session: Any) -> None:
    if session.info.pop(_WROTE, False):
        for cache in _caches:
            if cache.stored:
                cache.forget()


def listen() -> None:
    """Forget what is remembered of the database whenever this process changes it.

    So that who changes something reads it back; other processes see it by the version
    of their answers, and what has none as the time of these runs out.
    """
    for name, listener in (
        ("after_flush", _wrote),
        ("do_orm_execute", _executed),
        ("after_commit", _committed),
    ):
        if not event.contains(model.Session, name, listener):
            event.listen(model.Session, name, listener)

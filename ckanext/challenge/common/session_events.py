"""Collect what CKAN's session changes, and hand it on once it is committed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from ckan import plugins
from ckan.model import meta
from sqlalchemy import event

__all__ = ["Collector"]

log = logging.getLogger(__name__)


class Collector:
    """Keeps ids while a transaction lasts: told after its commit, forgotten otherwise.

    :param name: under which the session keeps them
    :param touched: the ids that a flush touches, called with the session just after it
    :param hand_over: takes the ids of a committed transaction; what it raises is
        logged, since what CKAN has just saved is saved
    """

    def __init__(
        self,
        name: str,
        touched: Callable[[Any], Iterable[str]],
        hand_over: Callable[[set[str]], object],
    ) -> None:
        self._key = f"ckanext.challenge.{name}"
        self._touched, self._hand_over = touched, hand_over

    def listen(self) -> None:
        """Listen to CKAN's sessions; a second call changes nothing."""
        for target in (meta.Session, meta.create_local_session):
            for name, receiver in (
                ("after_flush", self._after_flush),
                ("after_commit", self._after_commit),
                ("after_soft_rollback", self._after_soft_rollback),
            ):
                if not event.contains(target, name, receiver):
                    event.listen(target, name, receiver)

    def _after_flush(self, session: Any, flush_context: Any) -> None:
        found = set(self._touched(session))
        if found:
            session.info.setdefault(self._key, set()).update(found)

    def _after_commit(self, session: Any) -> None:
        # Also called when a savepoint ends, whose changes may yet be rolled back.
        if self._key not in session.info or session.in_nested_transaction():
            return
        found = session.info.pop(self._key)
        # Tests and commands load plugins and unload them; the listener stays.
        if plugins.plugin_loaded("challenge"):
            try:
                self._hand_over(found)
            except Exception:
                log.exception("Wait for the nightly command (%s): %s", self._key, found)

    def _after_soft_rollback(self, session: Any, previous_transaction: Any) -> None:
        # After a savepoint's rollback the rest may still be committed: what is too
        # much costs a look that changes nothing.
        if not previous_transaction.nested:
            session.info.pop(self._key, None)

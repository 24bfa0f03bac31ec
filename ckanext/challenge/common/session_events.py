"""What follows a commit of CKAN's session, whoever commits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from ckan import model, plugins
from ckan.model import meta
from sqlalchemy import event

from . import shield

log = logging.getLogger(__name__)


class CommitListener:
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
        listen_to(
            after_flush=self._after_flush,
            after_commit=self._after_commit,
            after_soft_rollback=self._after_soft_rollback,
        )

    def _after_flush(self, session: Any, flush_context: Any) -> None:
        try:
            found = set(self._touched(session))
        except Exception:
            # What CKAN saves is saved, and the nightly command finds it.
            shield.complain(self._key)
            return
        if found:
            session.info.setdefault(self._key, set()).update(found)

    def _after_commit(self, session: Any) -> None:
        for found in _taken(session, self._key):
            _try(self._hand_over, found)

    def _after_soft_rollback(self, session: Any, previous_transaction: Any) -> None:
        _forget(session, previous_transaction, self._key)


_FOLLOWERS = "ckanext.challenge.followers"


def after_commit(follower: Callable[..., object], *arguments: Hashable) -> None:
    """Do something once the current transaction of CKAN's session is committed.

    It is forgotten when the transaction is rolled back, and done once however often
    it was asked for. What it raises is logged, since what was saved is saved.

    :param follower: works without the session, which takes no statement at that moment
    """
    followers = model.Session().info.setdefault(_FOLLOWERS, {})
    followers[follower, arguments] = None


def listen() -> None:
    """Listen to CKAN's sessions for :func:`after_commit`; again changes nothing."""
    listen_to(after_commit=_follow, after_soft_rollback=_forget_followers)


def _follow(session: Any) -> None:
    for followers in _taken(session, _FOLLOWERS):
        for follower, arguments in followers:
            _try(follower, *arguments)


def _forget_followers(session: Any, previous_transaction: Any) -> None:
    _forget(session, previous_transaction, _FOLLOWERS)


def listen_to(**receivers: Callable[..., None]) -> None:
    """Listen to CKAN's sessions, by the names of SQLAlchemy's events; a second call
    changes nothing.
    """
    for target in (meta.Session, meta.create_local_session):
        for name, receiver in receivers.items():
            if not event.contains(target, name, receiver):
                event.listen(target, name, receiver)


def _taken(session: Any, key: str) -> Iterator[Any]:
    """What the session kept for its commit, if there is anything and this is it."""
    # Also called when a savepoint ends, whose changes may yet be rolled back.
    if key in session.info and not session.in_nested_transaction():
        kept = session.info.pop(key)
        # Tests and commands load plugins and unload them; the listener stays.
        if plugins.plugin_loaded("challenge"):
            yield kept


def _forget(session: Any, previous_transaction: Any, key: str) -> None:
    # After a savepoint's rollback the rest may still be committed: what is too much
    # costs a look that changes nothing.
    if not previous_transaction.nested:
        session.info.pop(key, None)


def _try(follower: Callable[..., object], *arguments: Any) -> None:
    try:
        follower(*arguments)
    except Exception:
        log.exception(
            "Saved, but what follows failed and waits for the nightly command: %s%s",
            getattr(follower, "__qualname__", follower),
            arguments,
        )

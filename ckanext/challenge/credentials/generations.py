"""Generations of keys: the first one, and one after another."""

from __future__ import annotations

from ckan import model

from ckanext.challenge.common import journal
from ckanext.challenge.model import SigningKey, locks
from ckanext.challenge.model.base import utcnow

from . import keys, store


class KeyExists(Exception):
    """There is a key that signs already."""


def create() -> SigningKey:
    """Make the first key, and commit.

    :raises KeyExists: there is one already
    :raises KeyProblem: its private file cannot be written
    """
    return _make(instead=False)


def rotate() -> SigningKey:
    """Make a new key that signs from now on, and commit.

    Those before sign no more; what they signed goes on being verified.

    :raises KeyProblem: its private file cannot be written
    """
    return _make(instead=True)


def revoke(key_id: str) -> int:
    """Believe nothing any more that a key signed, and commit.

    For a private file that somebody else may have read. One that signs is replaced.
    What it signed counts as revoked, and its awards await a new signature.

    :returns: how many awards these are
    :raises KeyError: there is no such key
    :raises KeyProblem: the private file of a new one cannot be written
    """
    key = store.find_key(key_id)
    if key is None:
        model.Session.rollback()
        raise KeyError(key_id)
    if key.retired_at is None:
        rotate()
    locks.hold("signing key")
    key = store.find_key(key_id)
    assert key is not None
    if key.compromised_at is None:
        key.compromised_at = utcnow()
        journal.record(journal.SYSTEM, "revoke", "signing_key", key_id)
    number = store.detach(key_id)
    model.Session.commit()
    return number


def _make(*, instead: bool) -> SigningKey:
    # Who signs shares this: nothing is signed with a key once it is retired.
    locks.hold("signing key")
    before = store.active_key()
    if before is not None and not instead:
        model.Session.rollback()
        raise KeyExists(before.id)
    try:
        pair = keys.create()
    except keys.KeyProblem:
        model.Session.rollback()
        raise
    now = utcnow()
    try:
        if before is not None:
            before.retired_at = now
            journal.record(journal.SYSTEM, "retire", "signing_key", before.id)
        made = SigningKey(
            id=pair.id,
            public_multibase=pair.public_multibase,
            public_jwk=pair.public_jwk,
            created_at=now,
        )
        model.Session.add(made)
        model.Session.flush()
        journal.record(journal.SYSTEM, "create", "signing_key", pair.id)
        model.Session.commit()
    except BaseException:
        model.Session.rollback()
        keys.remove(pair.id)
        raise
    return made

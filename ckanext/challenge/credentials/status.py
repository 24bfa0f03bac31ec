"""Lists of status: which credentials are revoked.

The 1EdTech list is not signed, and is read from the database when somebody asks. The
Bitstring Status List of the W3C is signed: by the job, which alone has the keys, as
soon as a badge is revoked, and stored for whoever asks.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from openbadgeslib.ob3 import decode_encoded_list, encode_bitstring, set_indices

from ckanext.challenge.common.issuer import Issuer
from ckanext.challenge.model import StatusList

from . import store
from .documents import LIST_SIZE, bitstring_document, revocation_document
from .signing import Signer

#: How long a signed list is good, so that an old copy hides no revocation for ever.
VALID_FOR = dt.timedelta(days=30)

#: How long the last list is good, of a portal that gives no badge any more.
FOR_GOOD = dt.timedelta(days=3653)

#: When a list is signed anew in which nothing has changed.
RENEWED_AFTER = dt.timedelta(days=7)


def revocation_list(issuer: Issuer, number: int) -> dict[str, Any] | None:
    """Return a 1EdTech revocation list; ``None`` if there is none of that number."""
    if not 0 <= number < max(store.lists(), 1):
        return None
    rows = store.revoked(number)
    # This list names credentials by their ids. One that was signed with a stolen key
    # is refused for its key; the id goes on with the one that was signed in its place.
    detached = {
        row.credential_id: issuer.award_of(row.credential_id)
        for row in rows
        if row.award_id is None
    }
    again = store.signed_again(list(detached.values())) if detached else frozenset()
    return revocation_document(
        issuer,
        number,
        [
            (row.credential_id, row.reason)
            for row in rows
            if detached.get(row.credential_id) not in again
        ],
    )


def outdated() -> bool:
    """Whether a signed list says something else than what is revoked now."""
    for number in range(store.lists()):
        kept = store.status_list(number)
        if kept is None or _told(kept) != _revoked(number):
            return True
    return False


def renew(signer: Signer, now: dt.datetime) -> int:
    """Sign the lists in which something has changed, in the current transaction.

    :returns: how many were signed
    """
    signed = 0
    for number in range(store.lists()):
        indices = _revoked(number)
        kept = store.status_list(number)
        if kept is None or not _good(kept, indices, signer, now):
            store.save_list(_signed(signer, number, indices, now))
            signed += 1
    return signed


def last(signer: Signer, now: dt.datetime) -> list[StatusList]:
    """Sign all lists for good, for a portal that gives and revokes no badge any more.

    They are answered, and not stored.
    """
    return [
        _signed(signer, number, _revoked(number), now, FOR_GOOD)
        for number in range(store.lists())
    ]


def _revoked(number: int) -> frozenset[int]:
    """The places in a list that are revoked now."""
    return frozenset(row.status_index % LIST_SIZE for row in store.revoked(number))


def _told(kept: StatusList) -> frozenset[int]:
    """The places that a signed list says are revoked."""
    encoded = kept.document["credentialSubject"]["encodedList"]
    return set_indices(decode_encoded_list(encoded))


def _good(
    kept: StatusList, indices: frozenset[int], signer: Signer, now: dt.datetime
) -> bool:
    return (
        now - kept.signed_at < RENEWED_AFTER
        and kept.key_id == signer.key_id
        and kept.document["issuer"] == signer.issuer.did
        and _told(kept) == indices
    )


def _signed(
    signer: Signer,
    number: int,
    indices: frozenset[int],
    now: dt.datetime,
    valid_for: dt.timedelta = VALID_FOR,
) -> StatusList:
    encoded = encode_bitstring(indices, LIST_SIZE)
    document, token = (
        bitstring_document(
            signer.issuer,
            number,
            encoded,
            form,
            issued_at=now,
            valid_until=now + valid_for,
        )
        for form in ("json", "jwt")
    )
    return StatusList(
        number=number,
        key_id=signer.key_id,
        document=signer.proven(document, now),
        jwt=signer.token(token),
        signed_at=now,
    )

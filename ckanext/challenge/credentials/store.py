"""Keys and credentials in the database: what is read and written of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import Credential, SigningKey, StatusList, catalog
from ckanext.challenge.model.arrays import array

from .documents import LIST_SIZE, PublicKey

_CREDENTIALS = """
    FROM challenge_credential k
    LEFT JOIN challenge_award a ON a.id = k.award_id
    LEFT JOIN "group" g ON g.id = a.organization_id
"""

_AWARDS = """
    FROM challenge_award a
    JOIN "group" g ON g.id = a.organization_id
    LEFT JOIN challenge_cohort c ON c.id = a.cohort_id
    LEFT JOIN challenge_credential k ON k.award_id = a.id
"""

#: Awards that can have a credential: held, and to be seen by everybody.
_SIGNABLE = """
    a.state <> 'revoked' AND g.state = 'active'
    AND (c.id IS NULL OR c.state <> 'draft')
"""

#: Credentials that are no longer good: revoked, or of an award that is gone.
_REVOKED = "(a.id IS NULL OR a.state = 'revoked' OR g.state <> 'active')"


def public_keys() -> list[SigningKey]:
    """All keys that ever signed, the one that signs now first."""
    return (
        model.Session.query(SigningKey)
        .order_by(SigningKey.retired_at.isnot(None), SigningKey.created_at.desc())
        .all()
    )


def as_public(key: SigningKey) -> PublicKey:
    """A key as the DID document tells of it."""
    return PublicKey(
        key.id,
        key.public_multibase,
        key.public_jwk,
        key.created_at,
        key.retired_at,
        key.compromised_at,
    )


def active_key() -> SigningKey | None:
    """The key that signs now."""
    return (
        model.Session.query(SigningKey)
        .filter(SigningKey.retired_at.is_(None))
        .order_by(SigningKey.created_at.desc())
        .first()
    )


def find_key(id_: str) -> SigningKey | None:
    """The key with that id, retired or not."""
    return model.Session.get(SigningKey, id_)


def find_record(status_index: int) -> Any:
    """The credential with that place in the lists of status, and its award's state.

    :returns: a row of ``document, jwt, short_jwt, issued_at, key_id, award_id,
        award_state``, and ``badge, organization, revoked_at, revoked_reason``;
        ``award_state`` is ``None`` where the award or its organization is gone
    """
    return model.Session.execute(
        sa.text(
            f"""
            SELECT k.document, k.jwt, k.short_jwt, k.issued_at, k.key_id, k.award_id,
                   CASE WHEN g.state = 'active' THEN a.state END AS award_state,
                   a.badge, g.name AS organization, a.lost_on, a.revoked_at,
                   a.revoked_reason
            {_CREDENTIALS} WHERE k.status_index = :place
            """
        ),
        {"place": status_index},
    ).first()


def credential_of(award_id: str) -> Credential | None:
    """The credential of an award, if it has been signed."""
    return model.Session.query(Credential).filter_by(award_id=award_id).first()


def held() -> Iterator[Any]:
    """The credentials of awards that are still there, a portion at a time.

    :returns: rows of ``document, jwt, short_jwt, award_id, badge, organization,
        awarded_at`` and ``state``
    """
    return iter(
        model.Session.connection()
        .execution_options(stream_results=True, yield_per=500)
        .execute(
            sa.text(
                f"""
                SELECT k.document, k.jwt, k.short_jwt, k.award_id, a.badge,
                       g.name AS organization, a.awarded_at, a.state
                {_CREDENTIALS} WHERE a.id IS NOT NULL AND g.state = 'active'
                ORDER BY a.awarded_at, a.id
                """
            )
        )
    )


def signed() -> int:
    """Count the awards that have a credential."""
    return (
        model.Session.query(Credential).filter(Credential.award_id.isnot(None)).count()
    )


def without_short_token(key_id: str, limit: int) -> list[Credential]:
    """Credentials that a key signed, and that have no short token yet.

    :param limit: how many at most
    """
    return (
        model.Session.query(Credential)
        .filter(Credential.key_id == key_id, Credential.short_jwt.is_(None))
        .limit(limit)
        .all()
    )


def signed_with(key_id: str) -> int:
    """Count the awards whose credential a key has signed."""
    return _of_key(key_id).count()


def _of_key(key_id: str) -> Any:
    return model.Session.query(Credential).filter(
        Credential.key_id == key_id, Credential.award_id.isnot(None)
    )


def detach(key_id: str) -> int:
    """Take what a key signed away from its awards, in the current transaction.

    It counts as revoked from now on, and the awards await a new signature.

    :returns: of how many awards
    """
    return _of_key(key_id).update({"award_id": None}, synchronize_session=False)


def waiting() -> int:
    """Count the awards that have no credential yet."""
    return model.Session.execute(
        sa.text(f"SELECT count(*) {_AWARDS} WHERE k.id IS NULL AND {_SIGNABLE}")
    ).scalar_one()


def unsigned_ids(limit: int | None) -> list[str]:
    """The ids of the awards that have no credential yet, the oldest first.

    :param limit: how many at most
    """
    statement = f"""
        SELECT a.id {_AWARDS} WHERE k.id IS NULL AND {_SIGNABLE}
        ORDER BY a.awarded_at, a.id LIMIT :limit
    """
    found = model.Session.execute(sa.text(statement), {"limit": limit})
    return list(found.scalars())


def unsigned(ids: Sequence[str]) -> list[Any]:
    """Read those of some awards that still have no credential, and hold them.

    Those that another transaction holds are left out: it signs them, or tells when it
    has changed them.

    :returns: rows of ``id, badge, programme, programme_digest, awarded_at, source,
        reason, criteria, organization, organization_title, cohort, cohort_title,
        siren``
    """
    extras = catalog.organization_extras(["siren"])
    return list(
        model.Session.execute(
            sa.text(
                f"""
                SELECT a.id, a.badge, a.programme, c.programme_digest, a.awarded_at,
                       a.source, a.reason, a.criteria, g.name AS organization,
                       c.name AS cohort, c.title AS cohort_title,
                       coalesce(nullif(g.title, ''), g.name) AS organization_title,
                       coalesce(p.siren, {extras.columns["siren"]}) AS siren
                {_AWARDS} {extras.joins}
                LEFT JOIN challenge_participant p
                  ON p.organization_id = a.organization_id AND p.cohort_id = a.cohort_id
                WHERE a.id = ANY(CAST(:ids AS text[])) AND k.id IS NULL AND {_SIGNABLE}
                ORDER BY a.awarded_at, a.id
                FOR NO KEY UPDATE OF a SKIP LOCKED
                """
            ),
            {"ids": array(ids)},
        )
    )


def dataset_titles(ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The names and titles of those of some datasets that everybody can see."""
    rows = model.Session.execute(
        sa.text(
            """
            SELECT id, name, coalesce(nullif(title, ''), name) FROM package
            WHERE id = ANY(CAST(:ids AS text[])) AND state = 'active'
              AND private IS NOT TRUE
            """
        ),
        {"ids": array(ids)},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def places(number: int) -> list[int]:
    """Take so many places in the lists of status; nobody is given them again."""
    rows = model.Session.execute(
        sa.text(
            """
            SELECT nextval(pg_get_serial_sequence(
                'challenge_credential', 'status_index'))
            FROM generate_series(1, :number)
            """
        ),
        {"number": number},
    )
    return [row[0] for row in rows]


def save(credentials: Sequence[Credential]) -> None:
    """Store new credentials, in the current transaction."""
    model.Session.add_all(credentials)
    model.Session.flush()
    # Thousands pass through here: the session need not remember them.
    for credential in credentials:
        model.Session.expunge(credential)


def lists() -> int:
    """Count the lists that it takes for all credentials."""
    last = model.Session.query(sa.func.max(Credential.status_index)).scalar()
    return 0 if last is None else last // LIST_SIZE + 1


def revoked(number: int) -> list[Any]:
    """The credentials of one list that are no longer good, by their places.

    :returns: rows of ``status_index``, ``credential_id``, ``award_id`` and ``reason``
    """
    return list(
        model.Session.execute(
            sa.text(
                f"""
                SELECT k.status_index, k.award_id, k.document ->> 'id' AS credential_id,
                       a.revoked_reason AS reason
                {_CREDENTIALS}
                WHERE k.status_index >= :first AND k.status_index < :last
                  AND {_REVOKED}
                ORDER BY k.status_index
                """
            ),
            {"first": number * LIST_SIZE, "last": (number + 1) * LIST_SIZE},
        )
    )


def signed_again(award_ids: Sequence[str]) -> frozenset[str]:
    """Those of some awards that have a credential that is good."""
    rows = model.Session.execute(
        sa.text(
            f"""
            SELECT a.id {_CREDENTIALS}
            WHERE k.award_id = ANY (CAST(:ids AS text[])) AND NOT {_REVOKED}
            """
        ),
        {"ids": array(award_ids)},
    )
    return frozenset(row[0] for row in rows)


def status_list(number: int) -> StatusList | None:
    """A Bitstring Status List as it was last signed."""
    return model.Session.get(StatusList, number)


def save_list(signed: StatusList) -> None:
    """Store a list in the place of the one before, in the current transaction."""
    model.Session.merge(signed)
    model.Session.flush()

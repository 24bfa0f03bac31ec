"""Credentials: an award as a signed Open Badge, and the keys that sign."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from .base import id_column, key_column, time_column, utcnow


class SigningKey(tk.BaseModel):
    """The public half of a pair of keys; the private half is never in the database.

    ``id`` is the fragment of its address in the portal's DID document.
    ``public_multibase`` is the Ed25519 key (``Multikey``), ``public_jwk`` the RSA key
    of the same generation. A key that is ``retired_at`` signs no more, and what it
    signed goes on being verified; nothing that was signed with one that is
    ``compromised_at`` is believed any more.
    """

    __table__ = sa.Table(
        "challenge_signing_key",
        tk.BaseModel.metadata,
        id_column(),
        sa.Column("public_multibase", sa.UnicodeText, nullable=False),
        sa.Column("public_jwk", JSONB, nullable=False),
        time_column("created_at", nullable=False, default=utcnow),
        time_column("retired_at"),
        time_column("compromised_at"),
    )

    id: Mapped[str]
    public_multibase: Mapped[str]
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    retired_at: Mapped[dt.datetime | None]
    compromised_at: Mapped[dt.datetime | None]


class Credential(tk.BaseModel):
    """An award as it was signed.

    ``document`` carries its ``DataIntegrityProof``, ``jwt`` says the same as a VC-JWT,
    ``short_jwt`` no more of it than fits in a link; what was signed before there were
    such gets one from the key that signed it, as long as that signs.
    ``status_index`` is its place in the lists of revoked credentials; it is never
    given to another one. Where the award is gone with its organization, the row
    stays, and the credential counts as revoked.
    """

    __table__ = sa.Table(
        "challenge_credential",
        tk.BaseModel.metadata,
        id_column(),
        key_column("award_id", "challenge_award.id"),
        key_column("key_id", "challenge_signing_key.id"),
        sa.Column(
            "status_index", sa.Integer, sa.Identity(start=0, minvalue=0), nullable=False
        ),
        sa.Column("document", JSONB, nullable=False),
        sa.Column("jwt", sa.UnicodeText, nullable=False),
        sa.Column("short_jwt", sa.UnicodeText),
        time_column("issued_at", nullable=False, default=utcnow),
        sa.UniqueConstraint("award_id", name="challenge_credential_award"),
        sa.UniqueConstraint("status_index", name="challenge_credential_status"),
    )

    id: Mapped[str]
    award_id: Mapped[str | None]
    key_id: Mapped[str | None]
    status_index: Mapped[int]
    document: Mapped[dict[str, Any]]
    jwt: Mapped[str]
    short_jwt: Mapped[str | None]
    issued_at: Mapped[dt.datetime]

"""Signing documents with a generation of keys."""

from __future__ import annotations

import datetime as dt
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from openbadgeslib.ob3 import add_data_integrity_proof

from ckanext.challenge.common.issuer import Issuer

from .documents import short_document, token_payload
from .keys import KeyPair


class Signer:
    """Signs in the name of a portal.

    :param issuer: the portal
    :param pair: the keys it signs with
    """

    def __init__(self, issuer: Issuer, pair: KeyPair) -> None:
        self.issuer, self.key_id = issuer, pair.id
        self._proof = pair.proof.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        self._token = pair.token
        # Open Badges 3.0, section 8.2.3: nothing but alg, kid, jwk and typ.
        self._short = {"kid": issuer.method(pair.id, "jwt"), "typ": "JWT"}
        self._headers = {**self._short, "jwk": pair.public_jwk}

    def proven(self, document: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
        """Return a document with its ``DataIntegrityProof`` (eddsa-rdfc-2022)."""
        method = self.issuer.method(self.key_id, "proof")
        return add_data_integrity_proof(document, self._proof, method, created=now)

    def token(self, document: dict[str, Any]) -> str:
        """Return a document as a VC-JWT (RS256)."""
        payload = token_payload(document)
        return jwt.encode(payload, self._token, "RS256", headers=self._headers)

    def short_token(self, document: dict[str, Any]) -> str:
        """Return the least of a credential as a VC-JWT (RS256) without the key, which
        whoever verifies it finds in the DID document.
        """
        payload = token_payload(short_document(document))
        return jwt.encode(payload, self._token, "RS256", headers=self._short)

"""The pairs of keys that sign, and where their private halves are.

One generation is one file, ``<id>.pem``, with two private keys: Ed25519 for proofs
(``eddsa-rdfc-2022``) and RSA for tokens (RS256, which the certification of Open Badges
3.0 asks for). The files lie outside the database in a folder that nobody else may read;
the public halves are in the database, which is all that web workers need.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from openbadgeslib.ob3 import multikey_from_pem

from ckanext.challenge import config
from ckanext.challenge.model import SigningKey
from ckanext.challenge.model.base import utcnow

_RSA_BITS = 2048
_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----\n?", re.DOTALL)


class KeyProblem(Exception):
    """A private key cannot be used; says why, for an administrator."""


class KeyElsewhere(KeyProblem):
    """The private file is not on this node; another one may have it."""


@dataclass(frozen=True)
class KeyPair:
    """A generation of private keys.

    :ivar id: the fragment of its address in the DID document
    """

    id: str
    proof: ed25519.Ed25519PrivateKey
    token: rsa.RSAPrivateKey

    @property
    def public_multibase(self) -> str:
        """The public Ed25519 key, as a ``Multikey`` has it."""
        return multikey_from_pem(
            self.proof.public_key().public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            )
        )

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public RSA key as a JWK (RFC 7517), with nothing private in it."""
        numbers = self.token.public_key().public_numbers()
        return {"kty": "RSA", "n": _unsigned(numbers.n), "e": _unsigned(numbers.e)}


def _unsigned(number: int) -> str:
    # RFC 7518, section 6.3.1: big-endian, as few bytes as there are, no padding.
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _path(key_id: str) -> Path:
    return config.keys_path() / f"{key_id}.pem"


def _private(path: Path, what: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyProblem(
            f"Others can read {path}: “chmod {what} {path}” keeps it private,"
            " and “ckan challenge keys revoke” is for one that somebody has read"
        )


def create() -> KeyPair:
    """Make a generation of keys and write its private file.

    :raises KeyProblem: the folder cannot be used
    """
    pair = KeyPair(
        f"{utcnow():%Y%m%d}-{secrets.token_hex(4)}",
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS),
    )
    path = _path(pair.id)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _private(path.parent, "700")
        # The mode from the first byte on: chmod afterwards would come too late.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for key in (pair.proof, pair.token):
                file.write(
                    key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                )
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # A disk that is full may have taken half of it.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise KeyProblem(
            f"The key cannot be written: {error.strerror} ({path}); name another"
            " folder in ckanext.challenge.keys_path"
        ) from error
    return pair


def remove(key_id: str) -> None:
    """Remove the private file of a key that was never used, or is no longer believed.

    :raises OSError: it cannot be removed
    """
    _path(key_id).unlink(missing_ok=True)


def has_file(key_id: str) -> bool:
    """Say whether the private file is there, as far as this process can see."""
    try:
        return _path(key_id).is_file()
    except OSError:
        return False


def load(key: SigningKey) -> KeyPair:
    """Return a key with its private half.

    :raises KeyElsewhere: it is not on this node
    :raises KeyProblem: it cannot be read, can be read by others, or is
        not the one whose public half is in the database
    """
    path = _path(key.id)
    try:
        _private(path.parent, "700")
        _private(path, "600")
        data = path.read_bytes()
    except FileNotFoundError:
        raise KeyElsewhere(
            f"There is no {path}: bring the file back from a copy, or make another"
            " key with “ckan challenge keys rotate”"
        ) from None
    except OSError as error:
        raise KeyProblem(
            f"{path} cannot be read: {error.strerror}; it must belong to the user"
            " that runs CKAN's jobs"
        ) from error
    try:
        proof, token = (
            load_pem_private_key(part, password=None) for part in _PEM.findall(data)
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyProblem(f"{path} does not hold two private keys") from error
    if not isinstance(proof, ed25519.Ed25519PrivateKey) or not isinstance(
        token, rsa.RSAPrivateKey
    ):
        raise KeyProblem(f"{path} does not hold an Ed25519 key and an RSA key")
    pair = KeyPair(key.id, proof, token)
    if (pair.public_multibase, pair.public_jwk) != (
        key.public_multibase,
        key.public_jwk,
    ):
        raise KeyProblem(f"{path} is not the private half of the key {key.id}")
    return pair

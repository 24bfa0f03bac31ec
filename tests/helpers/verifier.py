"""A verifier that shares nothing with the code that signs but the standards.

For proofs PyLD and cryptography (Data Integrity EdDSA Cryptosuites 1.0, section 3.2),
for tokens joserfc. It is told a DID document and the lists of status, and asks nobody.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pyld import jsonld

#: The digests of the contexts as their editors publish them.
_CONTEXTS = {
    "https://www.w3.org/ns/credentials/v2": (
        "credentials-v2.json",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": (
        "ob-v3p0-context-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Refused(Exception):
    """This is not what its issuer signed."""


def _ensure(holds: object, why: str) -> None:
    if not holds:
        raise Refused(why)


@cache
def _context(url: str) -> Any:
    name, digest = _CONTEXTS[url]
    folder = resources.files("openbadgeslib.ob3.contexts")
    data = folder.joinpath(name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == digest, url
    return json.loads(data)


def _load(url: str, options: Any = None) -> dict[str, Any]:
    _ensure(url in _CONTEXTS, f"unknown context {url}")
    return {
        "contextUrl": None,
        "documentUrl": url,
        "document": _context(url),
        "tag": "static",
    }


def _multibase(text: Any, prefix: bytes, length: int) -> bytes:
    _ensure(isinstance(text, str) and text[:1] == "z", "not base58btc")
    number = 0
    for letter in text[1:]:
        _ensure(letter in _BASE58, "not base58btc")
        number = number * 58 + _BASE58.index(letter)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    zeros = len(text[1:]) - len(text[1:].lstrip("1"))
    data = b"\0" * zeros + data
    _ensure(data[: len(prefix)] == prefix, "another kind of key")
    _ensure(len(data) == len(prefix) + length, "too short or too long")
    return data[len(prefix) :]


def _method(did_document: dict[str, Any], address: Any, kind: str) -> dict[str, Any]:
    """A public key that its controller uses to assert something."""
    for method in did_document["verificationMethod"]:
        if method["id"] == address:
            _ensure(method["type"] == kind, "a key of another kind")
            _ensure(address in did_document["assertionMethod"], "not to assert with")
            _ensure(method["controller"] == did_document["id"], "another's key")
            return method
    raise Refused("unknown key")


def canonical(document: dict[str, Any]) -> str:
    """The N-Quads of a document, in the order and form that are signed.

    :raises Refused: it has members that are not signed
    """
    # What PyLD says of the types of its options asks for all of them.
    options: Any = {"documentLoader": _load}
    form: Any = {**options, "algorithm": "URDNA2015", "format": "application/n-quads"}
    try:
        expanded = jsonld.expand(document, options, on_property_dropped=_refuse_dropped)
        quads = jsonld.normalize(expanded, form)
    except Exception as error:
        # Whatever cannot be read is not accepted, in whichever way it is broken.
        raise Refused(str(error)) from error
    _ensure_absolute(expanded)
    return str(quads)


def _hash(document: dict[str, Any]) -> bytes:
    return hashlib.sha256(canonical(document).encode()).digest()


def _refuse_dropped(name: Any) -> None:
    raise Refused(f"{name} is not signed")


def _ensure_absolute(value: Any) -> None:
    """What is relative is left out of what is signed."""
    if isinstance(value, list):
        for part in value:
            _ensure_absolute(part)
    elif isinstance(value, dict):
        for name in ("@id", "@type"):
            named = value.get(name, [])
            for address in named if isinstance(named, list) else [named]:
                _ensure(":" in address, f"{address} is relative")
        for part in value.values():
            _ensure_absolute(part)


def _ensure_no_keywords(value: Any) -> None:
    if isinstance(value, list):
        for part in value:
            _ensure_no_keywords(part)
    elif isinstance(value, dict):
        _ensure(not any(name[:1] == "@" for name in value), "a keyword")
        for part in value.values():
            _ensure_no_keywords(part)


def verify_document(document: Any, did_document: dict[str, Any]) -> None:
    """Check the proof of a credential.

    :raises Refused: it does not hold
    """
    _ensure(isinstance(document, dict), "no object")
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    proof = document.get("proof")
    _ensure(isinstance(proof, dict), "no proof")
    assert isinstance(proof, dict)
    members = {"type", "cryptosuite", "created", "verificationMethod"}
    _ensure(set(proof) == {*members, "proofPurpose", "proofValue"}, "unusual proof")
    _ensure(proof["type"] == "DataIntegrityProof", "unusual proof")
    _ensure(proof["cryptosuite"] == "eddsa-rdfc-2022", "unusual cryptosuite")
    _ensure(proof["proofPurpose"] == "assertionMethod", "unusual purpose")
    context = unsigned.get("@context")
    _ensure(isinstance(context, list) and context, "no context")
    _ensure_no_keywords({k: v for k, v in unsigned.items() if k != "@context"})
    issuer = unsigned.get("issuer")
    issuer_id = issuer.get("id") if isinstance(issuer, dict) else issuer
    _ensure(issuer_id == did_document["id"], "another issuer")
    method = _method(did_document, proof["verificationMethod"], "Multikey")
    signature = _multibase(proof["proofValue"], b"", 64)
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    signed = _hash({"@context": context, **config}) + _hash(unsigned)
    key = Ed25519PublicKey.from_public_bytes(
        _multibase(method["publicKeyMultibase"], b"\xed\x01", 32)
    )
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise Refused("the signature does not hold") from None


def verify_token(token: str, did_document: dict[str, Any]) -> dict[str, Any]:
    """Check a VC-JWT, and return its payload.

    :raises Refused: it does not hold
    """
    parts = token.split(".")
    _ensure(len(parts) == 3, "no token")
    for part in parts:
        # RFC 4648, section 3.5: bits that nobody reads are to be zero.
        try:
            data = base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
        except ValueError:
            raise Refused("not base64url") from None
        encoded = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        _ensure(encoded == part, "not base64url")
    try:
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=="))
        # A token to be short has no key in it.
        _ensure(set(header) | {"jwk"} == {"alg", "kid", "jwk", "typ"}, "an odd header")
        _ensure(header["alg"] == "RS256", "an unusual algorithm")
        method = _method(did_document, header["kid"], "JsonWebKey")
        key = RSAKey.import_key(method["publicKeyJwk"])
        registry = jws.JWSRegistry(algorithms=["RS256"])
        # The key that stands in it alone is longer than the 512 that it expects.
        registry.max_header_length = 2048
        payload = json.loads(
            jws.deserialize_compact(token, key, registry=registry).payload
        )
    except (ValueError, JoseError) as error:
        raise Refused(str(error)) from error
    key_said = header.get("jwk", method["publicKeyJwk"])
    _ensure(key_said == method["publicKeyJwk"], "another key in the header")
    issuer = payload["issuer"]
    issuer_id = issuer["id"] if isinstance(issuer, dict) else issuer
    _ensure(payload["iss"] == issuer_id == did_document["id"], "another issuer")
    _ensure(payload["jti"] == payload["id"], "another id")
    _ensure(payload["sub"] == payload["credentialSubject"]["id"], "another subject")
    return payload


def is_revoked(credential: dict[str, Any], lists: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the lists of status say that a credential is revoked.

    :param lists: documents that have been verified, by their addresses
    :returns: what the Bitstring Status List says, and what the one of 1EdTech says
    """
    # Open Badges 3.0 has one at most, and no list of them.
    entry = credential["credentialStatus"]
    assert entry["type"] == "BitstringStatusListEntry"
    found = lists[entry["statusListCredential"]]
    assert found["id"] == entry["statusListCredential"]
    subject = found["credentialSubject"]
    assert subject["statusPurpose"] == entry["statusPurpose"] == "revocation"
    encoded = subject["encodedList"]
    assert encoded[0] == "u"
    bits = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=="))
    assert len(bits) >= 16 * 1024
    index = int(entry["statusListIndex"])
    bit = bool(bits[index // 8] & (1 << (7 - index % 8)))
    (named,) = (
        one["revokedCredential"] for one in lists.values() if "revokedCredential" in one
    )
    return bit, any(row["id"] == credential["id"] and row["revoked"] for row in named)

"""Judging a credential that somebody shows: is it what this portal signed?

No request is made, whatever the credential names. It is compared with what the portal
stored when it signed, before any costly work is done on it: a document that is built to
keep a machine busy is refused by a comparison. What is the same as stored has its
signature checked all the same, so that a database that somebody changed shows.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import jwt
from openbadgeslib.ob3 import (
    OB3VerificationError,
    resolve_did,
    verify_data_integrity_proof,
)

from .documents import LIST_SIZE

#: The longest credential that is read, in characters; those of this portal have a
#: fraction of it.
LONGEST = 256 * 1024

_LIST = re.compile(r"/challenge/status/(\d{1,6})\.(?:json|jwt)$", re.ASCII)
_METHOD = re.compile(r"#([\w-]{1,64})\Z", re.ASCII)
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_SPACE = re.compile(r"\s+")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"


class Key(Protocol):
    """The public halves of a generation of keys, as they are stored."""

    @property
    def id(self) -> str: ...
    @property
    def public_multibase(self) -> str: ...
    @property
    def public_jwk(self) -> dict[str, Any]: ...
    @property
    def compromised_at(self) -> dt.datetime | None: ...


class Record(Protocol):
    """A credential as it is stored, and what became of its award.

    ``award_id`` and ``award_state`` are ``None`` where the award is gone.
    """

    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def jwt(self) -> str: ...
    @property
    def short_jwt(self) -> str | None: ...
    @property
    def award_id(self) -> str | None: ...
    @property
    def award_state(self) -> str | None: ...


@dataclass(frozen=True)
class Verdict:
    """What is said of a credential.

    :ivar code: why it is refused, ``None`` when it is valid: ``too_long``,
        ``malformed``, ``not_a_badge`` (no credential with a proof that the portal
        makes), ``unknown_key`` (signed by none of its keys), ``compromised_key`` (by
        one that somebody else may have), ``unknown`` (it has no
        trace of it), ``altered`` (not what it signed), ``signature`` (the signature
        does not hold), ``not_yet_valid``, ``expired``, ``gone`` (the award is no longer
        there) or ``revoked``
    :ivar proof: what proves it: ``DataIntegrityProof`` or ``VC-JWT``
    :ivar signed: whether it is, to the letter, what the portal signed
    :ivar where: of an altered document, the first place that is not as it was
    :ivar document: what it says
    :ivar record: what the portal stored of it
    :ivar key: which key it says it was signed with
    """

    code: str | None
    proof: str | None = None
    signed: bool = False
    where: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    record: Record | None = None
    key: Key | None = None


class _Refused(Exception):
    def __init__(self, code: str, where: str | None = None) -> None:
        super().__init__(code)
        self.code, self.where = code, where


class _Shown:
    """A credential that is being judged: what is known of it so far."""

    def __init__(
        self,
        find_key: Callable[[str], Key | None],
        find_record: Callable[[int], Record | None],
    ) -> None:
        self._find_key, self._find_record = find_key, find_record
        self.proof: str | None = None
        self.document: dict[str, Any] = {}
        self.key: Key | None = None
        self.record: Record | None = None
        self.signed = False

    def read(self, credential: str | dict[str, Any]) -> None:
        """Find out what it is, and check that the portal signed it.

        :raises _Refused: it did not
        """
        if isinstance(credential, dict):
            # An API call may have it as JSON; the proof is over what it means.
            try:
                credential = json.dumps(credential)
            except RecursionError:
                raise _Refused("malformed") from None
        text = credential.strip().removeprefix("\ufeff")
        if len(text) > LONGEST:
            raise _Refused("too_long")
        if text.startswith("{"):
            self._read_document(_parsed(text))
            return
        # Mails break a long line, and people copy the quotes around it.
        token = _SPACE.sub("", text).strip(_QUOTES)
        if not _TOKEN.fullmatch(token):
            raise _Refused("malformed")
        self._read_token(token)

    def _read_document(self, document: dict[str, Any]) -> None:
        self.document = document
        proof = document.get("proof")
        if not isinstance(proof, dict) or proof.get("type") != "DataIntegrityProof":
            raise _Refused("not_a_badge")
        self.proof = "DataIntegrityProof"
        key = self._keep_key(proof.get("verificationMethod"))
        record = self._keep_record()
        if (where := _difference(record.document, document)) is not None:
            raise _Refused("altered", where)
        try:
            pem = resolve_did(f"did:key:{key.public_multibase}")
            verify_data_integrity_proof(document, pem)
        except OB3VerificationError:
            raise _Refused("signature") from None
        self._believe(key)

    def _read_token(self, token: str) -> None:
        self.proof = "VC-JWT"
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, RecursionError):
            raise _Refused("malformed") from None
        if header.get("alg") != "RS256":
            raise _Refused("not_a_badge")
        key = self._keep_key(header.get("kid"), "-rsa")
        try:
            # The dates are judged below, as those of a document are.
            self.document = jwt.decode(
                token,
                jwt.PyJWK(key.public_jwk, algorithm="RS256"),
                algorithms=["RS256"],
                options={
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
        except jwt.PyJWTError:
            raise _Refused("signature") from None
        # The last letter of a signature has bits that nobody reads (RFC 4648, 3.5).
        record = self._keep_record()
        if token not in (record.jwt, record.short_jwt):
            raise _Refused("altered")
        self._believe(key)

    def _keep_key(self, method: Any, suffix: str = "") -> Key:
        found = _METHOD.search(method) if isinstance(method, str) else None
        if found and found[1].endswith(suffix):
            self.key = self._find_key(found[1].removesuffix(suffix))
        if self.key is None:
            raise _Refused("unknown_key")
        return self.key

    def _believe(self, key: Key) -> None:
        # Said last: whoever only names such a key was never given a badge with it.
        if key.compromised_at is not None:
            raise _Refused("compromised_key")
        self.signed = True

    def _keep_record(self) -> Record:
        place = _place(self.document.get("credentialStatus"))
        self.record = None if place is None else self._find_record(place)
        if self.record is None:
            raise _Refused("unknown")
        return self.record


def verify(
    credential: str | dict[str, Any],
    find_key: Callable[[str], Key | None],
    find_record: Callable[[int], Record | None],
    now: dt.datetime,
) -> Verdict:
    """Judge a credential: a JSON document with its proof, or a VC-JWT.

    :param find_key: the key with that id
    :param find_record: the credential with that place in the lists of status
    :param now: the present (aware of its zone)
    """
    shown = _Shown(find_key, find_record)
    code: str | None = None
    where: str | None = None
    try:
        shown.read(credential)
        code = _dated(shown.document, now) or _status(shown.record)
    except _Refused as refused:
        code, where = refused.code, refused.where
    return Verdict(
        code,
        shown.proof,
        shown.signed,
        where,
        shown.document,
        shown.record,
        shown.key,
    )


def _status(record: Record | None) -> str | None:
    if record is None or record.award_state is None:
        return "gone"
    return "revoked" if record.award_state == "revoked" else None


def _dated(document: Mapping[str, Any], now: dt.datetime) -> str | None:
    if (since := _moment(document.get("validFrom"))) and since > now:
        return "not_yet_valid"
    if (until := _moment(document.get("validUntil"))) and until < now:
        return "expired"
    return None


def _moment(value: Any) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value.replace("Z", "+00:00")) if value else None


def _place(entries: Any) -> int | None:
    """The place in the lists of status that a credential says is its own."""
    for entry in entries if isinstance(entries, list) else [entries]:
        if not isinstance(entry, dict):
            continue
        address, index = entry.get("statusListCredential"), entry.get("statusListIndex")
        if not isinstance(address, str) or not isinstance(index, str):
            continue
        found = _LIST.search(address)
        if found and re.fullmatch(r"\d{1,6}", index, re.ASCII):
            return int(found[1]) * LIST_SIZE + int(index)
    return None


def _parsed(text: str) -> dict[str, Any]:
    """The object that a JSON text holds.

    A name that stands twice is refused: others may read the other one.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        # Halves of characters, which JSON can name and no page can show.
        json.dumps(found, ensure_ascii=False).encode()
        return found
    except (ValueError, RecursionError):
        raise _Refused("malformed") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _difference(kept: Any, shown: Any, where: str = "") -> str | None:
    """The first place in which two JSON values differ, as a path; none if nowhere."""
    if isinstance(kept, dict) and isinstance(shown, dict):
        for name in dict.fromkeys((*kept, *shown)):
            path = f"{where}.{name}" if where else name
            if name not in kept or name not in shown:
                return path
            if (found := _difference(kept[name], shown[name], path)) is not None:
                return found
        return None
    if isinstance(kept, list) and isinstance(shown, list) and len(kept) == len(shown):
        pairs = enumerate(zip(kept, shown, strict=True))
        parts = (_difference(*both, f"{where}[{index}]") for index, both in pairs)
        return next((found for found in parts if found is not None), None)
    # True is not 1 here, as it is for Python.
    return None if type(kept) is type(shown) and kept == shown else where

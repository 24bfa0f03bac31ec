"""Whatever is issued is accepted by a verifier that is not ours, and no copy of it in
which anything was changed, neither by that one nor by the portal's own.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import sha256
from operator import getitem
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from helpers.verifier import Refused, canonical, verify_document, verify_token
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openbadgeslib.ob3 import OB3LdpVerifier, OB3Verifier, resolve_did

from ckanext.challenge.common.issuer import Issuer
from ckanext.challenge.credentials.documents import (
    Achievement,
    Figure,
    Holding,
    PublicKey,
    credential_document,
    did_document,
)
from ckanext.challenge.credentials.keys import KeyPair
from ckanext.challenge.credentials.signing import Signer
from ckanext.challenge.credentials.verification import Record, Verdict, verify

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.timezone.utc)
ISSUER = Issuer("https://data.example.org:8443/catalogue", "Portail « régional »")
PAIR = KeyPair(
    "20261123-00000000",
    ed25519.Ed25519PrivateKey.generate(),
    rsa.generate_private_key(public_exponent=65537, key_size=2048),
)
SIGNER = Signer(ISSUER, PAIR)
PUBLIC = PublicKey(PAIR.id, PAIR.public_multibase, PAIR.public_jwk, NOW, None)
DID = did_document(ISSUER, [PUBLIC])


@dataclass
class _Key:
    id: str = PAIR.id
    public_multibase: str = PUBLIC.multibase
    public_jwk: Any = None
    compromised_at: dt.datetime | None = None


@dataclass
class _Record:
    document: dict[str, Any]
    jwt: str
    short_jwt: str
    award_id: str | None = "1"
    award_state: str | None = "active"


KEY = _Key(public_jwk=PUBLIC.jwk)


def issue(holding: Holding, index: int = 0) -> _Record:
    """Sign an award in both forms."""
    document, token = (
        credential_document(ISSUER, holding, index, form) for form in ("json", "jwt")
    )
    return _Record(
        SIGNER.proven(document, NOW), SIGNER.token(token), SIGNER.short_token(token)
    )


def judge(credential: str | dict[str, Any], record: Record) -> Verdict:
    """What the portal says of a credential of which it has that record."""
    return verify(
        credential,
        lambda id_: KEY if id_ == KEY.id else None,
        lambda _: record,
        NOW,
    )


HOLDING = Holding(
    award_id="5d107850-a90a-46e8-8881-9924c34dfd1f",
    awarded_at=NOW - dt.timedelta(days=1),
    achievement=Achievement(
        "donnees-fraiches",
        "Données fraîches",
        "À jour.",
        "Au moins 1",
        "saison 1",
        "fr",
    ),
    organization="le-poinconnet",
    organization_title="Le Poinçonnet",
    siren="213601594",
    season=("saison-2", "Challenge, saison 2"),
    by_hand="Donné à la main",
    figures=(Figure("Jeux", "3 sur 2", (("deliberations", "Délibérations"),)),),
)
ISSUED = issue(HOLDING, 131072 + 7)

# What PostgreSQL keeps in a text: anything but NUL and halves of characters.
text = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40
)
holdings = st.builds(
    Holding,
    award_id=st.uuids().map(str),
    awarded_at=st.integers(0, 2000).map(lambda days: NOW - dt.timedelta(days)),
    achievement=st.builds(
        Achievement, text, text, text, text, text, st.sampled_from(["fr", "en"])
    ),
    organization=text,
    organization_title=text,
    siren=st.none() | st.just("213601594"),
    season=st.none() | st.tuples(text, text),
    by_hand=st.none() | text,
    figures=st.lists(
        st.builds(
            Figure, text, text, st.lists(st.tuples(text, text), max_size=2).map(tuple)
        ),
        max_size=2,
    ).map(tuple),
)


@pytest.mark.seconds(5)
@settings(max_examples=100)
@given(holdings, st.integers(0, 10 * 131072))
def test_whatever_is_issued_is_accepted(holding: Holding, index: int) -> None:
    record = issue(holding, index)
    # As the database and the page give it back.
    shown = json.loads(json.dumps(record.document, sort_keys=True))
    verify_document(shown, DID)
    payload = verify_token(record.jwt, DID)
    claims = {"iss", "sub", "jti", "nbf", "credentialStatus"}
    same = {name: value for name, value in payload.items() if name not in claims}
    assert same == {
        name: value
        for name, value in shown.items()
        if name not in ("proof", "credentialStatus")
    }
    short = verify_token(record.short_jwt, DID)
    assert short["credentialStatus"] == payload["credentialStatus"]
    for credential in (shown, json.dumps(shown), record.jwt, record.short_jwt):
        assert judge(credential, record).code is None


def test_another_implementation_of_the_whole_standard_agrees() -> None:
    pem = resolve_did(f"did:key:{PUBLIC.multibase}")
    proven = OB3LdpVerifier(pem).verify(ISSUED.document)
    token = OB3Verifier(PAIR.token.public_key()).verify(ISSUED.jwt)
    short = OB3Verifier(PAIR.token.public_key()).verify(ISSUED.short_jwt)
    assert short.recipient_id == token.recipient_id
    for found in (proven, token):
        assert found.issuer.id == "did:web:data.example.org%3A8443:catalogue"
        assert found.achievement.achievement_type == "QualityAssuranceCredential"
        named = {one.identity_type: one.identity_hash for one in found.identifiers}
        assert named["ext:siren"] == "213601594"
        assert found.recipient_id == (
            "https://data.example.org:8443/catalogue/challenge/collectivite/213601594"
        )


#: What RDFC-1.0 writes as an escape (canonical N-Quads) and PyLD as it is.
_ESCAPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: Titles as CKAN takes them.
odd = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from('\x08\x0b\x0c\x1b\x7f\x85\u202e\u2068\ufffe\uffff\t\n"\\'),
    max_size=20,
)


def _unsigned(title: str, name: str) -> dict[str, Any]:
    achievement = replace(HOLDING.achievement, name=name, description=title)
    holding = replace(HOLDING, organization_title=title, achievement=achievement)
    return credential_document(ISSUER, holding, 0, "json")


@pytest.mark.seconds(2)
@given(odd, odd)
def test_all_canonicalizations_write_what_is_signed_alike(
    title: str, name: str
) -> None:
    quads = canonical(_unsigned(title, name))
    assert _ESCAPED.search(quads) is None


#: Answers each line of its input, a text in JSON, by one such line.
_CANONIZE = """
const {canonize} = require('rdf-canonize');
const options = {
  algorithm: 'RDFC-1.0',
  inputFormat: 'application/n-quads',
  format: 'application/n-quads',
};
(async () => {
  const lines = require('readline').createInterface({input: process.stdin});
  for await (const line of lines) {
    const quads = await canonize(JSON.parse(line), options);
    process.stdout.write(JSON.stringify(quads) + '\\n');
  }
})();
"""


_ROOT = Path(__file__).parents[2]
#: What npm is to bring, with its hashes.
_WANTED = _ROOT / "tests/node"


@pytest.fixture(scope="module")
def canonize() -> Iterator[Callable[[str], str]]:
    """Canonicalizes N-Quads by npm's rdf-canonize, which is fetched the first time."""
    wanted = sha256((_WANTED / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = _ROOT / ".portal" / f"node-{wanted}"
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as made:
            copied = shutil.copytree(_WANTED, Path(made) / "node")
            brought = subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=copied,
                check=False,
            )
            if brought.returncode:
                pytest.skip("npm could not bring rdf-canonize")
            with suppress(OSError):
                # Another process may have been faster.
                copied.rename(folder)
    process = subprocess.Popen(
        ["node", "-e", _CANONIZE],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    asked, answered = process.stdin, process.stdout
    assert asked
    assert answered

    def run(quads: str) -> str:
        asked.write(f"{json.dumps(quads)}\n")
        asked.flush()
        return json.loads(answered.readline())

    with process:
        yield run
        asked.close()


@pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")), reason="there is no Node here"
)
@settings(max_examples=50, deadline=None)
@given(title=odd, name=odd)
def test_the_canonicalization_of_another_language_agrees(
    canonize: Callable[[str], str], title: str, name: str
) -> None:
    quads = canonical(_unsigned(title, name))
    assert canonize(quads) == quads


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _paths(value[key], (*path, key))


PATHS = list(_paths(ISSUED.document))[1:]
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def _other_text(draw: st.DrawFn, value: str) -> str:
    place = draw(st.integers(0, len(value)))
    letter = draw(LETTERS)
    kept = draw(st.booleans())
    return value[:place] + letter + value[place + kept :]


@st.composite
def changed_documents(draw: st.DrawFn) -> dict[str, Any]:
    """The credential in which one thing is changed, added, renamed or left out."""
    document = copy.deepcopy(ISSUED.document)
    *way, last = draw(st.sampled_from(PATHS))
    holder: Any = reduce(getitem, way, cast("Any", document))
    value = holder[last]
    ways = ["remove", "replace"]
    if isinstance(value, str):
        ways += ["write"] * 4
    if isinstance(value, dict):
        ways.append("add")
    if isinstance(holder, dict):
        ways.append("rename")
    match draw(st.sampled_from(ways)):
        case "write":
            holder[last] = _other_text(draw, str(value))
        case "remove":
            del holder[last]
        case "rename":
            holder[_other_text(draw, last)] = holder.pop(last)
        case "add":
            cast("dict[str, Any]", value)[draw(text)] = draw(text)
        case _:
            holder[last] = draw(text | st.integers() | st.booleans() | st.none())
    assume(document != ISSUED.document)
    return document


JSON = json.dumps(ISSUED.document, ensure_ascii=False)


@st.composite
def changed_bytes(draw: st.DrawFn) -> str:
    """The credential as it is sent, in which one byte is another one."""
    data = bytearray(JSON.encode())
    place = draw(st.integers(0, len(data) - 1))
    data[place] = draw(st.integers(0, 255))
    return bytes(data).decode(errors="replace")


@pytest.mark.seconds(6)
@settings(max_examples=1000)
@given(changed_documents() | changed_bytes())
def test_no_changed_document_is_accepted(changed: dict[str, Any] | str) -> None:
    try:
        document = json.loads(changed) if isinstance(changed, str) else changed
    except ValueError:
        document = None
    # A space or an escape may be written in another way and say the same.
    assume(document != ISSUED.document)
    with pytest.raises(Refused):
        verify_document(document, DID)
    verdict = judge(changed, ISSUED)
    assert verdict.code is not None and not verdict.signed


TOKEN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@pytest.mark.seconds(2)
@settings(max_examples=1000)
@given(st.data())
def test_no_changed_token_is_accepted(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(ISSUED.jwt) - 1))
    letter = data.draw(st.sampled_from(["", *TOKEN_LETTERS]))
    token = ISSUED.jwt[:place] + letter + ISSUED.jwt[place + 1 :]
    assume(token != ISSUED.jwt)
    with pytest.raises(Refused):
        verify_token(token, DID)
    verdict = judge(token, ISSUED)
    assert verdict.code is not None and not verdict.signed

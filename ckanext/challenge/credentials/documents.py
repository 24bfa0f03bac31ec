"""What is signed, built from plain values.

Sources: Open Badges Specification 3.0 (1EdTech), sections B.1 (data models) and 8
(proofs); Verifiable Credentials Data Model 2.0 and Bitstring Status List 1.0 (W3C);
Revocation List Status Method 1.0 (1EdTech); Controlled Identifiers 1.0 (W3C).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ckanext.challenge.common.issuer import Issuer
from ckanext.challenge.domain.assurance import Assurance, weakest
from ckanext.challenge.domain.characters import cleaned, cleaned_document

#: The contexts of a credential; both come along with openbadgeslib.
CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)

#: By which JSON Schema a credential can be checked.
_SCHEMA = {
    "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/"
    "ob_v3p0_achievementcredential_schema.json",
    "type": "1EdTechJsonSchemaValidator2019",
}

#: How many credentials one list tells of: the fewest that the standard allows, so that
#: nobody can tell from a request for a list which of them was looked up.
LIST_SIZE = 131072

#: Milliseconds for which a reader may keep a Bitstring Status List.
_LIST_TTL = 300_000


@dataclass(frozen=True)
class Achievement:
    """A badge as it is told in a credential.

    :ivar criteria: how it is earned, in words
    :ivar version: of the programme that defines it
    :ivar language: of these texts, as BCP 47 has it
    """

    badge: str
    name: str
    description: str
    criteria: str
    version: str
    language: str


@dataclass(frozen=True)
class Figure:
    """Something that was verified.

    :ivar name: what
    :ivar found: what was found, in words
    :ivar datasets: ``(name, title)`` of the public datasets that counted
    :ivar assurance: what stands behind it, a word of
        :mod:`ckanext.challenge.domain.assurance`; none of what was not asked
    """

    name: str
    found: str
    datasets: tuple[tuple[str, str], ...] = ()
    assurance: Assurance | None = None


@dataclass(frozen=True)
class Holding:
    """An award, as far as its credential tells of it.

    :ivar organization: its name in the address of its page
    :ivar siren: of the collectivité, where the portal knows it
    :ivar season: the name and title of that in which it was earned, if in one
    :ivar by_hand: of an award given by hand, who gave it and why, in sentences
    :ivar assurance: what stands behind it: the weakest of the words that it needed
    """

    award_id: str
    awarded_at: dt.datetime
    achievement: Achievement
    organization: str
    organization_title: str
    siren: str | None
    season: tuple[str, str] | None = None
    by_hand: str | None = None
    figures: tuple[Figure, ...] = ()
    assurance: Assurance | None = None


@dataclass(frozen=True)
class PublicKey:
    """The public halves of a generation of keys.

    :ivar compromised_at: since when nothing that it signed is believed
    """

    id: str
    multibase: str
    jwk: dict[str, Any]
    created_at: dt.datetime
    retired_at: dt.datetime | None
    compromised_at: dt.datetime | None = None


def moment(value: dt.datetime) -> str:
    """Return a moment as the standards write it: in UTC, to the second."""
    utc = value.astimezone(dt.timezone.utc).replace(microsecond=0, tzinfo=None)
    return f"{utc.isoformat()}Z"


def readable(document: Any) -> Any:
    """Return a document in an order in which people read it.

    The database keeps none; whoever verifies the proof does not look at it.
    """
    if isinstance(document, list):
        return [readable(part) for part in document]
    if not isinstance(document, dict):
        return document
    first = [name for name in ("@context", "id", "type", "name") if name in document]
    last = [name for name in ("credentialStatus", "proof") if name in document]
    names = dict.fromkeys((*first, *(n for n in document if n not in last), *last))
    return {name: readable(document[name]) for name in names}


def issuer_profile(issuer: Issuer) -> dict[str, Any]:
    """Return the portal as the ``Profile`` that issues."""
    profile: dict[str, Any] = {
        "id": issuer.did,
        "type": ["Profile"],
        "name": issuer.name,
        "url": f"{issuer.base}/",
    }
    if issuer.description:
        profile["description"] = issuer.description
    if issuer.image:
        profile["image"] = {"id": issuer.image, "type": "Image", "caption": issuer.name}
    if issuer.place:
        profile["address"] = {"type": ["Address"], **dict(issuer.place)}
    return cleaned_document(profile)


def achievement_document(issuer: Issuer, badge: Achievement) -> dict[str, Any]:
    """Return a badge as an ``Achievement`` for organizations."""
    document = {
        "id": issuer.achievement(badge.badge),
        "type": ["Achievement"],
        "achievementType": "QualityAssuranceCredential",
        "name": badge.name,
        "description": badge.description,
        "criteria": {"id": issuer.badge(badge.badge), "narrative": badge.criteria},
        "image": {
            "id": issuer.badge_image(badge.badge),
            "type": "Image",
            "caption": badge.name,
        },
        "inLanguage": badge.language,
        "version": badge.version,
    }
    return cleaned_document(document)


def credential_document(
    issuer: Issuer, holding: Holding, status_index: int, form: str
) -> dict[str, Any]:
    """Return the ``OpenBadgeCredential`` of an award, without its proof.

    It names the Bitstring Status List, which is signed; the list of 1EdTech beside it
    has the same number, and names the credential by its ``id``.

    It has no ``validUntil``: what a badge says remains true of the day on which it was
    earned, and a maintained badge that is lost is revoked in the lists of its status.

    :param status_index: its place in these lists, which is never given to another
    :param form: of the Bitstring Status List that it names: ``json`` beside a proof,
        ``jwt`` in a token, so that whoever verifies one can verify the other
    """
    number, place = divmod(status_index, LIST_SIZE)
    bitstring = issuer.bitstring_list(number, form)
    earned = moment(holding.awarded_at)
    document = {
        "@context": list(CONTEXTS),
        "id": issuer.credential(holding.award_id),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": f"{holding.achievement.name} — {holding.organization_title}",
        "issuer": issuer_profile(issuer),
        "validFrom": earned,
        "awardedDate": earned,
        "credentialSubject": _subject(issuer, holding),
        "evidence": list(_evidence(issuer, holding)),
        "credentialSchema": [dict(_SCHEMA)],
        # One alone, as Open Badges 3.0 has it (section B.1.2: 0..1).
        "credentialStatus": {
            "id": f"{bitstring}#{place}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(place),
            "statusListCredential": bitstring,
        },
    }
    # Titles are CKAN's, which takes what verifiers canonicalize in different ways.
    return cleaned_document(document)


def short_document(document: dict[str, Any]) -> dict[str, Any]:
    """Return as much of a credential as the standard asks for, and whom it names, to
    fit into a link or a QR code.

    :param document: the credential, as a token names its list of status
    """
    subject = document["credentialSubject"]
    achievement = subject["achievement"]
    issuer = document["issuer"]
    # The standard wants an address or a text. Of one given by hand there is a text, as
    # long as its reason; the page of the award has it too.
    criteria = achievement["criteria"].get("id") or document["evidence"][0]["id"]
    return {
        **{name: document[name] for name in ("@context", "id", "type")},
        "issuer": {name: issuer[name] for name in ("id", "type", "name")},
        "validFrom": document["validFrom"],
        "credentialSubject": {
            "id": subject["id"],
            "type": subject["type"],
            "identifier": subject["identifier"][:1],
            "achievement": {
                "id": achievement["id"],
                "type": achievement["type"],
                "name": achievement["name"],
                # The standard wants both; who wants more follows the address.
                "description": achievement["name"],
                "criteria": {"id": criteria},
                "inLanguage": achievement["inLanguage"],
            },
        },
        "credentialStatus": document["credentialStatus"],
    }


def _subject(issuer: Issuer, holding: Holding) -> dict[str, Any]:
    identifiers = [
        {
            "type": "IdentityObject",
            "hashed": False,
            "identityHash": holding.organization_title,
            "identityType": "name",
        }
    ]
    subject_id = issuer.organization(holding.organization)
    if holding.siren:
        subject_id = issuer.collectivite(holding.siren)
        # The standard's list has no number of legal persons; "ext:" is its way out.
        identifiers.append(
            {
                "type": "IdentityObject",
                "hashed": False,
                "identityHash": holding.siren,
                "identityType": "ext:siren",
            }
        )
    achievement = achievement_document(issuer, holding.achievement)
    if holding.by_hand:
        # Nobody looked whether those of the badge hold.
        achievement["criteria"] = {"narrative": cleaned(holding.by_hand)}
    return {
        "id": subject_id,
        "type": ["AchievementSubject"],
        "identifier": identifiers,
        "achievement": achievement,
    }


def _evidence(issuer: Issuer, holding: Holding) -> Iterable[dict[str, Any]]:
    yield {
        "id": issuer.award(holding.award_id),
        "type": ["Evidence"],
        "name": f"{holding.achievement.name} — {holding.organization_title}",
        "genre": "award",
        **_behind(holding.assurance),
        **({"narrative": holding.by_hand} if holding.by_hand else {}),
    }
    if holding.season:
        name, title = holding.season
        yield {
            "id": issuer.challenge(name),
            "type": ["Evidence"],
            "name": title,
            "genre": "season",
        }
    datasets: dict[str, str] = {}
    behind: dict[str, list[Assurance]] = {}
    for figure in holding.figures:
        for name, title in figure.datasets:
            datasets[name] = title
            if figure.assurance:
                behind.setdefault(name, []).append(figure.assurance)
        yield {
            "type": ["Evidence"],
            "name": figure.name,
            "narrative": figure.found,
            "genre": "figure",
            **_behind(figure.assurance),
        }
    for name, title in datasets.items():
        yield {
            "id": issuer.dataset(name),
            "type": ["Evidence"],
            "name": title,
            "genre": "dataset",
            # As weak as what it counted for.
            **_behind(weakest(behind.get(name, ()))),
        }


def _behind(assurance: str | None) -> dict[str, str]:
    """What stands behind a piece of evidence: one word, the same in all languages."""
    return {"description": assurance} if assurance else {}


def token_payload(document: dict[str, Any]) -> dict[str, Any]:
    """Return a credential as the payload of its VC-JWT.

    Open Badges 3.0, section 8.2.4.1: its members stand at the top level beside the
    registered claims; ``nbf`` is ``validFrom``, ``exp`` is ``validUntil`` where there
    is one, and there is no ``iat``.
    """
    issuer = document["issuer"]
    until = document.get("validUntil")
    return {
        **document,
        "iss": issuer if isinstance(issuer, str) else issuer["id"],
        "sub": document["credentialSubject"]["id"],
        "jti": document["id"],
        "nbf": _seconds(document["validFrom"]),
        **({"exp": _seconds(until)} if until else {}),
    }


def _seconds(value: str) -> int:
    """A moment as a token has it: in seconds since 1970."""
    # Python 3.10 reads no "Z".
    return int(dt.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp())


def bitstring_document(
    issuer: Issuer,
    number: int,
    encoded: str,
    form: str,
    *,
    issued_at: dt.datetime,
    valid_until: dt.datetime,
) -> dict[str, Any]:
    """Return a ``BitstringStatusListCredential``, without its proof.

    :param encoded: the bits, as the standard compresses and encodes them
    :param valid_until: from when on an old copy tells nothing any more
    """
    address = issuer.bitstring_list(number, form)
    return {
        "@context": [CONTEXTS[0]],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.did,
        "validFrom": moment(issued_at),
        "validUntil": moment(valid_until),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "ttl": _LIST_TTL,
            "encodedList": encoded,
        },
    }


def revocation_document(
    issuer: Issuer, number: int, revoked: Sequence[tuple[str, str | None]]
) -> dict[str, Any]:
    """Return a 1EdTech revocation list; it is not signed.

    :param revoked: the id of each revoked credential, and why
    """
    return {
        "id": issuer.revocation_list(number),
        "issuer": issuer.did,
        "revokedCredential": [
            {
                "id": credential_id,
                "revoked": True,
                **({"revocationReason": cleaned(reason)} if reason else {}),
            }
            for credential_id, reason in revoked
        ],
    }


def did_document(issuer: Issuer, keys: Sequence[PublicKey]) -> dict[str, Any]:
    """Return the DID document, with all keys that ever signed.

    ``validFrom`` and ``validThrough`` say when a key signed. They are not ``expires``
    or ``revoked``, after which nothing that it signed would be verified any more
    (Controlled Identifiers 1.0, section 2.2): ``revoked`` is said of a key that
    somebody else may have, which is no ``assertionMethod`` any more.
    """
    methods: list[dict[str, Any]] = []
    believed: list[str] = []
    for key in keys:
        validity = {"validFrom": moment(key.created_at)}
        if key.retired_at is not None:
            validity["validThrough"] = moment(key.retired_at)
        if key.compromised_at is not None:
            validity["revoked"] = moment(key.compromised_at)
        else:
            believed += [issuer.method(key.id, form) for form in ("proof", "jwt")]
        methods += [
            {
                "id": issuer.method(key.id, "proof"),
                "type": "Multikey",
                "controller": issuer.did,
                "publicKeyMultibase": key.multibase,
                **validity,
            },
            {
                "id": issuer.method(key.id, "jwt"),
                "type": "JsonWebKey",
                "controller": issuer.did,
                "publicKeyJwk": key.jwk,
                **validity,
            },
        ]
    return {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
            "https://w3id.org/security/jwk/v1",
            {
                "validFrom": {
                    "@id": "https://schema.org/validFrom",
                    "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
                },
                "validThrough": {
                    "@id": "https://schema.org/validThrough",
                    "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
                },
            },
        ],
        "id": issuer.did,
        "alsoKnownAs": [f"{issuer.base}/"],
        "verificationMethod": methods,
        "assertionMethod": believed,
    }

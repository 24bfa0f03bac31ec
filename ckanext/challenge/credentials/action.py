"""Credentials: awards as signed Open Badges 3.0, and judging one that is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import programmes
from ckanext.challenge.common import language
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.common.issuer import portal
from ckanext.challenge.model import Award
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns

from . import schema, status, store, wording
from .documents import (
    CONTEXTS,
    achievement_document,
    did_document,
    issuer_profile,
    readable,
)
from .verification import Verdict, verify

_KEY = ("id", "created_at", "retired_at", "compromised_at")
_TIMES = ("issued_at", "lost_on", "revoked_at", "revoked_reason")


@tk.side_effect_free
def challenge_credential_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show an award as an Open Badge 3.0, as it was signed.

    Anybody who may see the award may call this. It is signed by a background job,
    seconds after the badge was given, and never while somebody waits.

    :param award: the id of the award
    :type award: string
    :returns: ``{document, jwt, short_jwt, issued_at, state}``: the
        ``OpenBadgeCredential`` with its ``DataIntegrityProof`` (``eddsa-rdfc-2022``),
        the same as a VC-JWT (RS256), the least of it as another that fits in a link,
        and the state of the award; all but that are ``None`` while it has not been
        signed
    :rtype: dict
    :raises ObjectNotFound: when there is no such award
    """
    data = validate(context, data_dict, schema.credential_show())
    award_state = model.Session.execute(
        sa.select(Award.state)
        .join(model.Group, model.Group.id == Award.organization_id)
        .where(Award.id == data["award"], model.Group.state == "active")
    ).scalar()
    if award_state is None:
        raise tk.ObjectNotFound(tk._("There is no such award"))
    tk.check_access("challenge_credential_show", context, {"award": data["award"]})
    found = store.credential_of(data["award"])
    forms = ("document", "jwt", "short_jwt", "issued_at")
    return {**_columns(found, forms), "state": award_state}


@tk.side_effect_free
def challenge_credential_verify(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say whether a credential was issued by this portal and is still good.

    Anybody may call this. No request is made, whatever the credential names. What it
    says is answered only where this portal signed it, to the letter.

    :param credential: a credential with its proof, as a JSON text or an object, or a
        VC-JWT
    :type credential: string or dict
    :returns: ``valid``; ``reason``, why it is not, in the reader's language, and its
        ``code``: ``too_long``, ``malformed``, ``not_a_badge``, ``unknown_key``,
        ``compromised_key``, ``unknown``, ``altered``, ``signature``,
        ``not_yet_valid``, ``expired``, ``gone`` or ``revoked``; ``proof``:
        ``DataIntegrityProof`` or ``VC-JWT``; ``signed``: whether this portal signed
        just that; ``key`` ``{id, created_at, retired_at, compromised_at}``; ``issuer``
        ``{id, name, url}``; ``award`` and its ``state``, ``lost_on``, ``revoked_at``
        and ``revoked_reason``; ``organization`` ``{name, title, url}``, ``siren``;
        ``badge`` ``{badge, name, description, criteria, url, language}``, where
        language is that of what was signed; ``evidence``: ``{name, narrative, url,
        genre, assurance}``, where genre is ``award``, ``season``, ``figure`` or
        ``dataset``, and assurance, of all but a season, what stands behind it:
        ``declared``, ``confirmed`` or ``verified``;
        ``issued_at``, ``valid_from`` and ``valid_until``. What is not known is ``None``
    :rtype: dict
    """
    tk.check_access("challenge_credential_verify", context, {})
    data = validate(context, data_dict, schema.verify())
    verdict = verify(data["credential"], store.find_key, store.find_record, utcnow())
    record = verdict.record
    return {
        "valid": verdict.code is None,
        "reason": _reason(verdict),
        "code": verdict.code,
        "proof": verdict.proof,
        "signed": verdict.signed,
        "key": _columns(verdict.key, _KEY) if verdict.key else None,
        "award": record.award_id if record else None,
        "state": _state(record),
        **_columns(record if verdict.signed else None, _TIMES),
        **_said(verdict.document if verdict.signed else None),
        **_holder(record if verdict.signed else None, verdict.document),
    }


@tk.side_effect_free
def challenge_did_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the DID document of the portal: its public keys, with their validity.

    Anybody may call this. Keys that sign no more stay in it, since what they signed
    goes on being verified.

    :returns: the document (``did:web``)
    :rtype: dict
    """
    tk.check_access("challenge_did_show", context, {})
    keys = [store.as_public(key) for key in store.public_keys()]
    return did_document(portal(), keys)


@tk.side_effect_free
def challenge_issuer_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the portal as the issuer of badges.

    Anybody may call this.

    :returns: the ``Profile`` of Open Badges 3.0
    :rtype: dict
    """
    tk.check_access("challenge_issuer_show", context, {})
    return {"@context": list(CONTEXTS[:2]), **issuer_profile(portal())}


@tk.side_effect_free
def challenge_achievement_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a badge as credentials define it, in the language of the portal.

    Anybody may call this.

    :param badge: its key
    :type badge: string
    :returns: the ``Achievement`` of Open Badges 3.0
    :rtype: dict
    :raises ObjectNotFound: when there is no such badge
    """
    tk.check_access("challenge_achievement_show", context, {})
    data = validate(context, data_dict, schema.achievement_show())
    found = programmes.badges().get(data["badge"])
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such badge"))
    with language.speaking(tk.config["ckan.locale_default"]):
        achievement = wording.achievement(*found)
    return {
        "@context": list(CONTEXTS[:2]),
        **achievement_document(portal(), achievement),
    }


@tk.side_effect_free
def challenge_status_list_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a list of revoked credentials.

    Anybody may call this.

    :param number: which list; the first is 0
    :type number: int
    :param kind: ``bitstring`` (W3C Bitstring Status List, the default), signed by a
        background job seconds after a badge is revoked, or at the latest by the
        nightly command; or ``revocation`` (1EdTech), which is not signed and tells
        what is revoked now
    :type kind: string
    :returns: ``{document, jwt, signed_at}``; the last two are ``None`` for what is not
        signed
    :rtype: dict
    :raises ObjectNotFound: when there is no such list, or it has not been signed yet
    """
    tk.check_access("challenge_status_list_show", context, {})
    data = validate(context, data_dict, schema.status_list_show())
    if data["kind"] == "revocation":
        document = status.revocation_list(portal(), data["number"])
        if document is not None:
            return {"document": document, "jwt": None, "signed_at": None}
    elif (kept := store.status_list(data["number"])) is not None:
        return _columns(kept, ("document", "jwt", "signed_at"))
    raise tk.ObjectNotFound(tk._("There is no such list"))


@tk.side_effect_free
def challenge_key_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the keys that sign badges, the one that signs now first.

    Sysadmins may call this. Nothing private is in it.

    :returns: ``{count, results, waiting}``, each result ``{id, created_at,
        retired_at, compromised_at}``; ``waiting`` is the number of awards that have not
        been signed
    :rtype: dict
    """
    tk.check_access("challenge_key_list", context, {})
    results = [columns(key, _KEY) for key in store.public_keys()]
    return {"count": len(results), "results": results, "waiting": store.waiting()}


def _reason(verdict: Verdict) -> str | None:
    if verdict.code is None:
        return None
    reasons = {
        "too_long": tk._("This is too long to be a badge of this portal."),
        "malformed": tk._(
            "This is not a badge: neither a whole JSON document nor a whole VC-JWT."
        ),
        "not_a_badge": tk._(
            "This has no signature of the kind that this portal makes."
        ),
        "unknown_key": tk._("This was not signed by this portal."),
        "compromised_key": tk._(
            "This was signed with a key that this portal no longer trusts. Ask for the "
            "file again: what still holds has been signed anew."
        ),
        "unknown": tk._("This portal has no trace of this badge."),
        "signature": tk._("The signature does not hold: something has been changed."),
        "not_yet_valid": tk._("This badge is not valid yet."),
        "expired": tk._("This badge is no longer valid: its last day is over."),
        "gone": tk._(
            "This badge was withdrawn: its holder is no longer on this portal."
        ),
        "revoked": tk._("This badge was withdrawn."),
    }
    if verdict.code != "altered":
        return reasons[verdict.code]
    if verdict.where is None:
        return tk._("This is not what this portal signed: something has been changed.")
    return tk._(
        "This is not what this portal signed: “{place}” has been changed."
    ).format(place=verdict.where[:200] or "{}")


def _state(record: Any) -> str | None:
    if record is None:
        return None
    return record.award_state or "revoked"


def _columns(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The named columns of a row; none of them where there is no row."""
    if row is None:
        return dict.fromkeys(names)
    return {name: readable(value) for name, value in columns(row, names).items()}


def _holder(record: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """Whom a credential is for."""
    if record is None:
        return {"organization": None, "siren": None}
    subject = document["credentialSubject"]
    named = {
        part["identityType"]: part["identityHash"] for part in subject["identifier"]
    }
    return {
        "organization": {
            # Its name may have changed since.
            "name": record.organization,
            "title": named["name"],
            "url": subject["id"],
        },
        "siren": named.get("ext:siren"),
    }


def _said(document: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a credential that this portal signed says."""
    if document is None:
        return dict.fromkeys(
            ("issuer", "badge", "evidence", "valid_from", "valid_until")
        )
    issuer = document["issuer"]
    achievement = document["credentialSubject"]["achievement"]
    return {
        "issuer": {name: issuer.get(name) for name in ("id", "name", "url")},
        "badge": {
            "badge": achievement["id"].rpartition("/")[2].removesuffix(".json"),
            "name": achievement["name"],
            "description": achievement["description"],
            # A short token has no such, and no evidence.
            "criteria": achievement["criteria"].get("narrative"),
            # Of one given by hand the criteria have no address.
            "url": achievement["id"].removesuffix(".json"),
            "language": achievement["inLanguage"],
        },
        "evidence": list(_evidence(document)),
        "valid_from": document["validFrom"],
        "valid_until": document.get("validUntil"),
    }


def _evidence(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in document.get("evidence", ()):
        yield {
            **{name: part.get(name) for name in ("name", "narrative", "genre")},
            "assurance": part.get("description"),
            "url": part.get("id"),
        }

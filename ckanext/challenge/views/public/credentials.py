"""Awards as files that prove themselves, and what a verifier needs besides: keys,
issuer, definitions, lists of what was revoked; and the page that verifies.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, request
from flask_babel import force_locale
from werkzeug.exceptions import RequestEntityTooLarge

from ckanext.challenge import helpers as h
from ckanext.challenge.common.issuer import portal
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.svg.badge import badge_document
from ckanext.challenge.svg.baking import bake_png, bake_svg
from ckanext.challenge.svg.raster import png
from ckanext.challenge.views.common import blueprint
from ckanext.challenge.views.embed.response import (
    act_as_nobody,
    asked_language,
    shared,
)

from . import verify as verifying

credentials = blueprint("challenge_credential", programs=True)

CREDENTIAL = "application/vc"
TOKEN = "application/vc+jwt"
LINKED = "application/ld+json"

#: Pixels of the picture that is carried around: enough to print it.
_WIDTH = 600
#: Seconds for which an old list of what is revoked, or a picture that is not signed
#: yet, may still be shown.
_SOON = 60

_pictures = PageCache(seconds=3600, stored=False)


def _json(document: Any, mimetype: str, seconds: int | None = None) -> Response:
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return shared(text, mimetype, seconds)


def _signed(award: str, form: str) -> Any:
    """The credential of an award.

    :param form: ``document``, ``jwt`` or ``short_jwt``
    """
    credential = act_as_nobody("challenge_credential_show", award=award)
    found = credential[form]
    if found is None:
        raise tk.ObjectNotFound(verifying.unsigned(credential))
    return found


@credentials.get("/awards/<award>.json")
def document(award: str) -> Response:
    """An award as an Open Badge 3.0 with its ``DataIntegrityProof``."""
    return _json(_signed(award, "document"), CREDENTIAL)


@credentials.get("/awards/<award>.jwt")
def token(award: str) -> Response:
    """The same as a VC-JWT."""
    return shared(_signed(award, "jwt"), TOKEN)


@credentials.get("/awards/<award>/short.jwt")
def short_token(award: str) -> Response:
    """The least of it as a VC-JWT that fits in a link or a QR code."""
    return shared(_signed(award, "short_jwt"), TOKEN)


def _drawn(award_id: str) -> tuple[str, str | None]:
    """The picture of an award as SVG, and the credential to put into it.

    The picture of one that was withdrawn says so, and so does its credential when it
    is verified.
    """
    jwt = act_as_nobody("challenge_credential_show", award=award_id)["jwt"]
    language = asked_language()
    with force_locale(language):
        award = act_as_nobody("challenge_award_show", id=award_id)
        if award["state"] == "revoked":
            told = tk._("{organization}, withdrawn on {date}").format(
                organization=award["organization_title"],
                date=h.challenge_date(award["revoked_at"]),
            )
        else:
            told = tk._("{organization}, {date}").format(
                organization=award["organization_title"],
                date=h.challenge_date(award["awarded_at"]),
            )
    badge = {**award, "earned": award["state"] != "revoked"}
    return badge_document(badge, told, language), jwt


@credentials.get("/awards/<award>.svg")
def drawing(award: str) -> Response:
    """The picture of an award, which carries its credential once that is signed."""
    svg, jwt = _drawn(award)
    if jwt is None:
        return shared(svg, "image/svg+xml", _SOON)
    return shared(bake_svg(svg, jwt), "image/svg+xml")


@credentials.get("/awards/<award>.png")
def picture(award: str) -> Response:
    """The same as PNG."""
    svg, jwt = _drawn(award)
    key = sha256(svg.encode()).digest()
    pixels = _pictures.get_or_create(key, None, lambda: png(svg, _WIDTH))
    if jwt is None:
        return shared(pixels, "image/png", _SOON)
    return shared(bake_png(pixels, jwt), "image/png")


@credentials.get("/badges/<badge>.svg")
def badge_picture(badge: str) -> Response:
    """The picture of a badge, whoever holds it."""
    language = asked_language()
    with force_locale(language):
        row = act_as_nobody("challenge_badge_show", badge=badge)
    return shared(badge_document(row, row["description"], language), "image/svg+xml")


@credentials.get("/badges/<badge>.json")
def achievement(badge: str) -> Response:
    """A badge as the ``Achievement`` that credentials name."""
    return _json(act_as_nobody("challenge_achievement_show", badge=badge), LINKED)


@credentials.get("/issuer.json")
def issuer() -> Response:
    """The portal as the ``Profile`` that issues."""
    return _json(act_as_nobody("challenge_issuer_show"), LINKED)


@credentials.get("/status/<int:number>.json")
def status_list(number: int) -> Response:
    """A Bitstring Status List with its ``DataIntegrityProof``."""
    found = act_as_nobody("challenge_status_list_show", number=number)
    return _json(found["document"], CREDENTIAL, _SOON)


@credentials.get("/status/<int:number>.jwt")
def status_token(number: int) -> Response:
    """The same as a VC-JWT."""
    found = act_as_nobody("challenge_status_list_show", number=number)
    return shared(found["jwt"], TOKEN, _SOON)


@credentials.get("/status/<int:number>.revoked.json")
def revocation_list(number: int) -> Response:
    """A revocation list of 1EdTech."""
    found = act_as_nobody(
        "challenge_status_list_show", number=number, kind="revocation"
    )
    return _json(found["document"], "application/json", _SOON)


@credentials.route("/verify", methods=["GET", "POST"])
def verify() -> str | tuple[str, int]:
    """Is a badge that somebody shows genuine? Nothing is stored, no request is made."""
    try:
        sent = request.form if request.method == "POST" else request.args
        page = verifying.verify_page(
            sent.get("credential", ""), request.files.get("file")
        )
    except RequestEntityTooLarge:
        page = verifying.verify_page("", None, too_large=True)
    return tk.render("challenge/verify.html", page), page["status"]


def identity() -> Blueprint:
    """The portal's keys, where ``did:web`` looks for them: outside of the challenge,
    and in a folder of their own only where the portal has its host for itself.
    """
    issuer = portal()
    made = blueprint("challenge_identity", "", programs=True)
    made.add_url_rule(issuer.keys.removeprefix(issuer.base), view_func=did)
    return made


def did() -> Response:
    """The DID document of the portal."""
    return _json(act_as_nobody("challenge_did_show"), "application/did+json", _SOON)

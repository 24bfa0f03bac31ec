"""What the page that verifies badges says, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import FileStorage

from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels
from ckanext.challenge.common.issuer import portal
from ckanext.challenge.svg.baking import MAX_FILE, Unreadable, carried, is_picture
from ckanext.challenge.views.common import act
from ckanext.challenge.views.embed.response import act_as_nobody

# A language may stand before it.
_AWARD = re.compile(
    r"(?:/[\w-]{2,12})?/challenge/awards/([\w-]{1,100}?)(?:\.(?:json|jwt|svg|png)|/short\.jwt)?"
    r"/?"
    r"(?:[?#].*)?",
    re.ASCII,
)
_ADDRESS = re.compile(r"https?://\S+", re.ASCII | re.IGNORECASE)


class _Refused(ValueError):
    """What was given holds nothing to verify.

    :ivar field: ``credential`` or ``file``
    """

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def _problem(why: str) -> str:
    return {
        "too_large": tk._(
            "This is too large: the badges of this portal are smaller than {size} MB."
        ).format(size=h.challenge_number(MAX_FILE // 1024**2)),
        "broken": tk._(
            "This picture is damaged: it cannot be read. Download it again."
        ),
        "unknown": tk._(
            "This is no picture of a badge. Choose an SVG, PNG, JSON or JWT file."
        ),
        "empty": tk._(
            "Nothing is hidden in this picture. A copy or a screenshot loses what a "
            "badge carries: ask for the file itself, or give the address of the badge."
        ),
    }[why]


def _carried(field: str, content: bytes) -> tuple[str, bool]:
    """The credential that something carries, and whether a picture stands around it."""
    try:
        return carried(content), is_picture(content)
    except Unreadable as error:
        raise _Refused(field, _problem(error.why)) from error


def _in_text(text: str) -> tuple[str, bool]:
    """The credential that was typed or named, and whether a picture carries it."""
    if text.startswith("<"):
        return _carried("credential", text.encode())
    award = _award_at(text)
    return (_credential_of(award) if award else text), False


def _award_at(text: str) -> str | None:
    """The award that an address of this portal names; ``None`` for what is none.

    Only the text is looked at: nothing is fetched.
    """
    base = portal().base
    if _ADDRESS.fullmatch(text):
        # Who copies an address may have it with or without the "s" of https.
        rest = _without_scheme(text)
        if not rest.lower().startswith(f"{_without_scheme(base).lower()}/"):
            raise _Refused(
                "credential",
                tk._(
                    "This address is not one of this portal, and no other is looked "
                    "at. Paste the badge itself, or give its file."
                ),
            )
        text = rest[len(_without_scheme(base)) :]
    elif not text.startswith("/"):
        return None
    found = _AWARD.fullmatch(text)
    if not found:
        raise _Refused(
            "credential",
            tk._(
                "This is not the address of a badge that somebody holds. Such an "
                "address looks like this: {address}"
            ).format(address=f"{base}/challenge/awards/…"),
        )
    return found[1]


def _without_scheme(address: str) -> str:
    return address.partition("://")[2]


def _credential_of(award: str) -> Any:
    try:
        found = act_as_nobody("challenge_credential_show", award=award)
    except tk.ObjectNotFound:
        raise _Refused(
            "credential", tk._("This portal has no badge at this address.")
        ) from None
    if found["document"] is None:
        raise _Refused("credential", unsigned(found))
    return found["document"]


def unsigned(credential: Mapping[str, Any]) -> str:
    """Why an award has no signature.

    :param credential: of ``challenge_credential_show``
    """
    if credential["state"] == "revoked":
        return tk._("This badge was withdrawn before it was signed.")
    return tk._("This badge is not signed yet. Come back in a few minutes.")


def verify_page(
    text: str, file: FileStorage | None, *, too_large: bool = False
) -> dict[str, Any]:
    """What the page shows; a file counts before what is typed.

    :param text: a credential, or the address of an award of this portal
    :param too_large: more was sent than is read at all
    """
    text = text.strip()
    errors: dict[str, str] = {}
    result = None
    if too_large:
        errors["credential"] = _problem("too_large")
    elif text or (file is not None and file.filename):
        try:
            if file is not None and file.filename:
                # An address in a file proves nothing of that file.
                content = file.stream.read(MAX_FILE + 1)
                credential, drawn = _carried("file", content)
                text = credential
            else:
                credential, drawn = _in_text(text)
            verdict = act("challenge_credential_verify", credential=credential)
            result = _result(verdict, drawn)
        except _Refused as refused:
            errors[refused.field] = str(refused)
    return {
        "given": text,
        "errors": errors,
        "result": result,
        "csrf": tk.h.csrf_input(),
        "keys": portal().keys,
        "status": 413 if too_large else 200,
    }


def _result(verdict: Mapping[str, Any], drawn: bool) -> dict[str, Any]:
    base = str(tk.h.url_for("challenge.index")).rstrip("/")
    shown: dict[str, Any] = {
        "verdict": verdict,
        "title": _headline(verdict),
        "about": _about(verdict),
        "checks": list(_checks(verdict)) if verdict["signed"] else [],
        "drawn": drawn and verdict["signed"],
        "award": f"{base}/awards/{verdict['award']}" if verdict["award"] else "",
        "figures": [],
        "datasets": [],
        "reason": "",
        "behind": "",
    }
    for part in verdict["evidence"] or ():
        # Nothing is said where a credential of before says nothing.
        word = labels.assurance(part["assurance"] or "")
        if part["genre"] == "award":
            shown["behind"] = word
        if part["genre"] == "figure":
            shown["figures"].append({**part, "behind": word})
        elif part["genre"] == "dataset":
            shown["datasets"].append(part)
        elif part["narrative"]:
            shown["reason"] = part["narrative"]
    return shown


def _about(verdict: Mapping[str, Any]) -> str:
    """Whose badge it is; empty for what this portal did not sign."""
    if not verdict["signed"]:
        return ""
    return tk._("{organization}: {badge}").format(
        organization=verdict["organization"]["title"], badge=verdict["badge"]["name"]
    )


def _headline(verdict: Mapping[str, Any]) -> str:
    if verdict["valid"]:
        return tk._("This badge is genuine")
    if verdict["code"] in ("revoked", "gone", "compromised_key"):
        return tk._("This badge was withdrawn")
    if verdict["code"] in ("altered", "signature"):
        return tk._("This badge was changed after it was signed")
    if verdict["code"] in ("expired", "not_yet_valid"):
        return tk._("This badge is not valid today")
    return tk._("This is not a badge of this portal")


def _checks(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The four questions, and what was found."""
    key = verdict["key"]
    signature = tk._("Right: not a character was changed since {date}.").format(
        date=h.challenge_date(verdict["issued_at"])
    )
    if key and key["retired_at"]:
        signature += " " + tk._(
            "The key has been replaced on {date}; what it signed stays good."
        ).format(date=h.challenge_date(key["retired_at"]))
    code = verdict["code"]
    dates = tk._("Valid since {date}, without an end.")
    if verdict["valid_until"]:
        dates = tk._("Valid from {date} to {end}.")
    withdrawn = tk._("It was not withdrawn.")
    if code == "revoked":
        withdrawn = tk._("It was withdrawn on {date}.").format(
            date=h.challenge_date(verdict["revoked_at"])
        )
        withdrawn += " " + labels.withdrawal(verdict["revoked_reason"])
    elif code == "gone":
        withdrawn = verdict["reason"]
    elif verdict["lost_on"]:
        withdrawn += " " + tk._(
            "What it says no longer holds: it will be withdrawn on {date} unless that "
            "is put right."
        ).format(date=h.challenge_date(verdict["lost_on"]))
    return [
        {"label": tk._("Signature"), "ok": True, "text": signature},
        {
            "label": tk._("Issuer"),
            "ok": True,
            "text": tk._("{name}, this portal").format(name=verdict["issuer"]["name"]),
            "code": verdict["issuer"]["id"],
        },
        {
            "label": tk._("Dates"),
            "ok": code not in ("expired", "not_yet_valid"),
            "text": dates.format(
                date=h.challenge_date(verdict["valid_from"]),
                end=h.challenge_date(verdict["valid_until"]),
            ),
        },
        {
            "label": tk._("Withdrawal"),
            "ok": code not in ("revoked", "gone"),
            "text": withdrawn,
        },
    ]


def award_proof(award: Mapping[str, Any]) -> dict[str, Any]:
    """What the page of an award offers to those who doubt it.

    :param award: of ``challenge_award_show``
    :returns: ``signed_on`` (none while it is not signed), ``unsigned`` (why it is not),
        ``credential`` (its address, for programs), ``verify`` and ``files``:
        ``{label, url, name}``
    """
    credential = act("challenge_credential_show", award=award["id"])
    page = str(tk.h.url_for("challenge.award", award=award["id"]))
    name = f"{award['badge']}-{award['organization_name']}"
    kinds = [("svg", tk._("Picture (SVG)")), ("png", tk._("Picture (PNG)"))]
    if credential["issued_at"]:
        kinds += [
            ("json", tk._("Credential (JSON)")),
            ("jwt", tk._("Credential (JWT)")),
        ]
    files: list[dict[str, Any]] = [
        {
            "label": label,
            "url": f"{page}.{kind}",
            "name": f"{name}.{kind}",
            "picture": kind in ("svg", "png"),
        }
        for kind, label in kinds
    ]
    if credential["short_jwt"]:
        files.append(
            {
                "label": tk._("Credential for a link or a QR code (JWT)"),
                "url": f"{page}/short.jwt",
                "name": f"{name}-short.jwt",
                "picture": False,
            }
        )
    address = f"{portal().base}/challenge/awards/{award['id']}"
    verify = str(tk.h.url_for("challenge_credential.verify"))
    return {
        "signed_on": credential["issued_at"],
        "unsigned": unsigned(credential),
        "credential": f"{address}.json",
        "verify": f"{verify}?credential={quote(address, safe='')}",
        "files": files,
    }

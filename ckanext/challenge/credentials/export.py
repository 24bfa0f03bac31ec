"""What was signed, as files that go on being verified when the portal issues no more.

A folder that is laid out as the addresses in what was signed: whoever publishes it
under the portal's address, with any web server, keeps all badges good.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge import programmes
from ckanext.challenge.common import language
from ckanext.challenge.common.issuer import Issuer, portal
from ckanext.challenge.model.base import utcnow

from . import keys, status, store, wording
from .documents import (
    CONTEXTS,
    achievement_document,
    did_document,
    issuer_profile,
)
from .signing import Signer

#: What says that a folder was written by this, and may be written again.
_MARK = "challenge-export.json"

_READ_ME = """\
What the portal {name} has signed, as on {day}.

{count} badges, of which {revoked} are revoked. Publish the folder "published" under
{base}/ so that each file has the address that is in what was signed:

    {keys}
    {base}/challenge/issuer.json
    {base}/challenge/status/0.json, 0.jwt, 0.revoked.json (and so on)
    {base}/challenge/badges/*.json
    {base}/challenge/awards/*.json, *.jwt

Needed by all who verify a badge: the first, and the lists of status. Each is answered
with status 200, without a redirection. Their media types: application/did+json for
did.json, application/vc for what is signed as .json, application/vc+jwt for .jwt.

The lists of status say which badges are revoked, and are good until {until}.
{more}
awards.csv lists the badges, for people. Keep the private keys in a safe place, or
destroy them: who has them signs in the portal's name as long as did.json is published.
"""


class NotEmpty(Exception):
    """The folder holds something else."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    :ivar problem: why the lists of status could not be signed for good, if so
    """

    badges: int
    until: dt.datetime | None
    problem: str = ""


def export(folder: Path) -> Exported:
    """Write all that keeps badges good, and read-me's for who publishes it.

    It may be written again into a folder that it has written.

    :raises NotEmpty: there is something else in the folder
    :raises OSError: it cannot be written
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise NotEmpty(str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    now, issuer = utcnow(), portal()
    _write(folder / _MARK, _json({"portal": issuer.base, "exported_at": now}))
    lists, until, problem = _lists(issuer, now)
    for address, content in (*_documents(issuer), *lists):
        _write(_place(folder, issuer, address), content)
    count, revoked = _awards(folder, issuer)
    told = _READ_ME.format(
        name=issuer.name,
        day=f"{now:%Y-%m-%d}",
        count=count,
        revoked=revoked,
        base=issuer.base,
        keys=issuer.keys,
        until=f"{until:%Y-%m-%d}" if until else "-",
        more=f"\n{problem}: these lists were not signed anew.\n" if problem else "",
    )
    _write(folder / "README.txt", told)
    return Exported(count, until, problem)


def _documents(issuer: Issuer) -> Iterator[tuple[str, str]]:
    public = [store.as_public(key) for key in store.public_keys()]
    yield issuer.keys, _json(did_document(issuer, public))
    contexts = {"@context": list(CONTEXTS[:2])}
    profile = {**contexts, **issuer_profile(issuer)}
    yield issuer.challenge("issuer.json"), _json(profile)
    with language.speaking(tk.config["ckan.locale_default"]):
        for badge, found in programmes.badges().items():
            document = achievement_document(issuer, wording.achievement(*found))
            yield issuer.achievement(badge), _json({**contexts, **document})


def _lists(
    issuer: Issuer, now: dt.datetime
) -> tuple[list[tuple[str, str]], dt.datetime | None, str]:
    """The lists of status, until when they are good, and why not for good."""
    key, problem = store.active_key(), ""
    kept: list[Any] = []
    try:
        if key is None:
            raise keys.KeyProblem("There is no key")
        kept = status.last(Signer(issuer, keys.load(key)), now)
    except keys.KeyProblem as error:
        problem = str(error)
        found = map(store.status_list, range(store.lists()))
        kept = [one for one in found if one is not None]
    files: list[tuple[str, str]] = []
    ends: list[dt.datetime] = []
    for one in kept:
        files.append((issuer.bitstring_list(one.number, "json"), _json(one.document)))
        files.append((issuer.bitstring_list(one.number, "jwt"), one.jwt))
        # Python 3.10 reads no "Z".
        end = one.document["validUntil"].replace("Z", "+00:00")
        ends.append(dt.datetime.fromisoformat(end))
    for number in range(max(store.lists(), 1)):
        revoked = status.revocation_list(issuer, number)
        files.append((issuer.revocation_list(number), _json(revoked)))
    return files, min(ends) if ends else None, problem


def _awards(folder: Path, issuer: Issuer) -> tuple[int, int]:
    """Write what was signed; answers how many, and how many of them are revoked."""
    count = revoked = 0
    with (folder / "awards.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["award", "badge", "organization", "awarded_at", "state"])
        for row in store.held():
            address = issuer.credential(row.award_id)
            stem = address.removesuffix(".json")
            _write(_place(folder, issuer, address), _json(row.document))
            _write(_place(folder, issuer, f"{stem}.jwt"), row.jwt)
            if row.short_jwt:
                short = _place(folder, issuer, f"{stem}/short.jwt")
                _write(short, row.short_jwt)
            told = (row.badge, row.organization, row.awarded_at.isoformat(), row.state)
            table.writerow([address, *told])
            count += 1
            revoked += row.state == "revoked"
    model.Session.rollback()
    return count, revoked


def _place(folder: Path, issuer: Issuer, address: str) -> Path:
    return folder / "published" / address.removeprefix(f"{issuer.base}/")


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, default=str)


def _write(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.part")
    half.write_text(content, encoding="utf-8")
    os.replace(half, path)

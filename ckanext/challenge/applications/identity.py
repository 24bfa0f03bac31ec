"""Which collectivités the rows of a list are about, found for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.common import access_links, proofs
from ckanext.challenge.directory import matching
from ckanext.challenge.directory.text import fold
from ckanext.challenge.domain import roster as rules
from ckanext.challenge.domain.application_fields import OF_DIRECTORY
from ckanext.challenge.domain.place_matching import Candidate, Named
from ckanext.challenge.model import Collectivite, ProvedAddress

#: Words so short say nothing of a name.
_SHORT = 3


@dataclass(frozen=True)
class Identity:
    """Which collectivité a row is about.

    :ivar siren: none where nothing tells it
    :ivar name: as the directory has it, or the row
    :ivar facts: what an application keeps of it
    :ivar warnings: what to look at
    :ivar error: the field and what is wrong, where nothing tells it
    """

    siren: str | None = None
    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    error: tuple[str, str] | None = None


def resolve(rows: Sequence[Mapping[str, Any]]) -> list[Identity]:
    """Find the collectivité of each row by its SIREN, or else by its name and
    département: two statements, however many rows.

    :param rows: the values of each, by the names of an application's fields
    """
    unnamed = [row for row in rows if "siren" not in row]
    asked = [
        Named(
            fold(row.get("organization_title", "")),
            row.get("departement"),
            row.get("insee_code"),
        )
        for row in unnamed
    ]
    found = iter(matching.find(asked))
    proposed = {id(row): next(found) for row in unnamed}
    codes = {row["siren"] for row in rows if "siren" in row}
    for candidates in proposed.values():
        codes |= {one.code for one in candidates}
    known = {
        place.code: place
        for place in model.Session.query(Collectivite).filter(
            Collectivite.code.in_(codes)
        )
    }
    return [
        _by_siren(row, known)
        if "siren" in row
        else _by_name(row, proposed[id(row)], known)
        for row in rows
    ]


def _by_siren(row: Mapping[str, Any], known: Mapping[str, Collectivite]) -> Identity:
    siren, told = row["siren"], row.get("organization_title", "")
    place = known.get(siren)
    if place is not None:
        warnings = ()
        if told and not _is_alike(told, place.name):
            text = tk._("In the directory this SIREN is that of {name}")
            warnings = (text.format(name=place.name),)
        return Identity(siren, place.name, _facts(place), warnings)
    if not told:
        text = tk._("This SIREN is not in the directory: write the name")
        return Identity(error=("organization_title", text))
    facts = {
        "organization_title": told,
        "kind": "autre",
        "insee_code": row.get("insee_code"),
        "departement": row.get("departement"),
        "population": None,
    }
    text = tk._("This SIREN is not in the directory: check it")
    return Identity(siren, told, facts, (text,))


def _by_name(
    row: Mapping[str, Any],
    candidates: Sequence[Candidate],
    known: Mapping[str, Collectivite],
) -> Identity:
    told = row.get("organization_title", "")
    if not told and "insee_code" not in row:
        return Identity(error=("siren", tk._("Write its SIREN, or its name")))
    one = rules.chosen(candidates, row.get("departement"))
    place = known.get(one.code) if one else None
    if place is not None and place.siren:
        return Identity(place.siren, place.name, _facts(place))
    named = [
        f"{other.name} ({other.departement or '–'}, {other.siren})"
        for candidate in candidates
        if (other := known.get(candidate.code)) is not None
    ]
    if not named:
        text = tk._("The directory has none of this name: write its SIREN")
        return Identity(name=told, error=("organization_title", text))
    text = tk._("Write the SIREN of the one that is meant: {names}")
    text = text.format(names="; ".join(named))
    return Identity(name=told, error=("organization_title", text))


def _facts(place: Collectivite) -> dict[str, Any]:
    return {name: getattr(place, theirs) for name, theirs in OF_DIRECTORY.items()}


def _is_alike(told: str, name: str) -> bool:
    """Whether two names share a word that says something."""
    words = [
        {word for word in fold(text).split() if len(word) > _SHORT}
        for text in (told, name)
    ]
    return not all(words) or bool(words[0] & words[1])


class OwnAddresses:
    """The addresses by which somebody would let themselves in; of a sysadmin none."""

    def __init__(self, user_id: str | None) -> None:
        user = model.User.get(user_id) if user_id else None
        self._user = None if user is None or user.sysadmin else user
        self._digests: set[str] = set()
        if self._user is not None:
            rows = model.Session.query(ProvedAddress.digest)
            self._digests = {
                digest for (digest,) in rows.filter_by(user_id=self._user.id)
            }

    def has(self, address: str) -> bool:
        """Whether an address is one of them."""
        if self._user is None:
            return False
        return (
            proofs.same(self._user.email, address)
            or access_links.digest_of(address) in self._digests
        )

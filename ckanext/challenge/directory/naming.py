"""The address of an organization in the catalogue, made from its name."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import count

from ckanext.challenge.domain.letters import plain

MAX_LENGTH = 100
"""Longest name CKAN stores (``PACKAGE_NAME_MAX_LENGTH``)."""
MIN_LENGTH = 2
# CKAN's own words, and those that stand beside an organization in an address.
_RESERVED = frozenset({"new", "edit", "search", "apply", "data"})
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")


def slug(title: str, *, length: int = MAX_LENGTH) -> str:
    """A title as lower-case ASCII words joined by hyphens; empty if it has none."""
    return _NOT_IN_A_SLUG.sub("-", plain(title)).strip("-")[:length].rstrip("-")


def organization_name(title: str, insee_code: str | None, taken: Container[str]) -> str:
    """A free and valid CKAN name for an organization.

    It is the slug of the title; where that is taken (several communes are named
    *Saint-Maur* or *Lignières*), reserved by CKAN or too short (a commune of the
    Somme is named *Y*), the INSEE code is added, and a number if even that is taken.

    :param title: name of the collectivité
    :param insee_code: code of the commune, or the SIREN of an EPCI
    :param taken: names already given to a group or an organization
    """

    def free(name: str) -> bool:
        return len(name) >= MIN_LENGTH and name not in _RESERVED and name not in taken

    name = slug(title)
    if free(name):
        return name
    code = slug(insee_code or "")
    base = name or "collectivite"
    if code:
        name = _join(base, code)
        if free(name):
            return name
    stem = (base, code) if code else (base,)
    return next(name for n in count(2) if free(name := _join(*stem, str(n))))


def _join(base: str, *rest: str) -> str:
    """``base-rest``, the base cut where the whole would be too long."""
    tail = "-".join(rest)
    return f"{base[: MAX_LENGTH - len(tail) - 1].rstrip('-')}-{tail}"

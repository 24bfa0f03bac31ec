"""Organizations without a SIREN, compared with the directory.

The comparison is made once for all of them: the rule (``domain/place_matching.py``) is
a look-up, and what it needs are two statements, however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import page_version
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.place_matching import (
    Candidate,
    Directory,
    Named,
    Place,
)
from ckanext.challenge.model import catalog

from .departements import departements
from .text import fold

#: What an organization may say of itself that tells which collectivité it is.
_SAID = ("siren", "departement", "insee_code", "website")
# Pages of one list are read one after the other.
_found = PageCache(seconds=30, size=1)


@dataclass(frozen=True)
class Unmatched:
    """An organization of which nothing says which collectivité it is.

    :ivar id: of the organization
    :ivar name: its address
    :ivar title: as it is shown
    :ivar datasets: how many public ones it has
    :ivar candidates: the likeliest first; often nothing
    """

    id: str
    name: str
    title: str
    datasets: int
    candidates: Sequence[Candidate]


def unmatched() -> Sequence[Unmatched]:
    """All organizations without a SIREN, but for those of which somebody said that
    they are no collectivité: the likeliest proposals first, then by title.
    """
    return _found.get_or_create("all", page_version.of_organizations(), _compared)


def _compared() -> Sequence[Unmatched]:
    rows = _organizations()
    if not rows:
        return ()
    directory = Directory(
        _places(), {fold(one.name): one.code for one in departements().values()}
    )
    found = [
        Unmatched(
            row.id,
            row.name,
            row.title or row.name,
            row.datasets,
            directory.candidates(
                Named(
                    # Where there is no title, the address is made of the name.
                    fold(row.title or row.name),
                    (row.departement or "").strip().upper() or None,
                    (row.insee_code or "").strip().upper() or None,
                    row.website or None,
                )
            ),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=_likeliest))


def _likeliest(one: Unmatched) -> tuple[float, str, str]:
    best = one.candidates[0].confidence if one.candidates else 0.0
    return -best, fold(one.title), one.id


def _organizations() -> Sequence[sa.engine.Row]:
    extras = catalog.organization_extras(_SAID)
    said = ", ".join(f"{extras.columns[key]} AS {key}" for key in _SAID)
    return model.Session.execute(
        sa.text(
            f"""
            SELECT g.id, g.name, g.title, {said}, coalesce(published.number, 0)
                AS datasets
            FROM "group" g {extras.joins}
            LEFT JOIN (
                SELECT p.owner_org, count(*) AS number FROM package p
                WHERE {catalog.PUBLIC} GROUP BY p.owner_org
            ) published ON published.owner_org = g.id
            WHERE g.is_organization AND g.state = 'active'
              AND coalesce({extras.columns["siren"]}, '') = ''
              AND NOT EXISTS (
                  SELECT 1 FROM challenge_match m
                  WHERE m.organization_id = g.id AND m.siren IS NULL)
            """
        )
    ).all()


def find(named: Sequence[Named]) -> list[list[Candidate]]:
    """Which collectivités some names may mean, the likeliest of each first.

    Other than :func:`unmatched`, one that has an organization is as good as any.
    """
    if not named:
        return []
    places = [replace(place, taken=False) for place in _places()]
    known = {fold(one.name): one.code for one in departements().values()}
    directory = Directory(places, known)
    return [directory.candidates(one) for one in named]


def _places() -> list[Place]:
    extras = catalog.organization_extras(["siren"])
    rows = model.Session.execute(
        sa.text(
            f"""
            SELECT c.code, c.search_key, c.kind, c.departement, c.insee_code,
                c.postcodes, c.siren IN (
                    SELECT {extras.columns["siren"]} FROM "group" g {extras.joins}
                    WHERE g.is_organization AND g.state = 'active'
                      AND {extras.columns["siren"]} IS NOT NULL) AS taken
            FROM challenge_collectivite c
            WHERE c.siren IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM challenge_former_address f
                WHERE f.kind = 'collectivite' AND f.name = c.siren)
            """
        )
    )
    return [
        Place(
            row.code,
            row.search_key,
            row.kind == "commune",
            row.departement,
            row.insee_code,
            tuple(row.postcodes),
            bool(row.taken),
        )
        for row in rows
    ]

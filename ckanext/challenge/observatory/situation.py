"""Where a collectivité stands: beside its EPCI, its neighbours, and those of its size.

A fixed number of statements over what is stored, whatever the directory holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.eligibility import EPCI_KINDS
from ckanext.challenge.domain.programme import Kit
from ckanext.challenge.model import Elsewhere, catalog
from ckanext.challenge.model.arrays import array

from . import figures

#: How many neighbours are named, and how many of those who opened a kit.
MOST_NEAR, MOST_NAMED, MOST_KITS = 12, 3, 4


@dataclass(frozen=True)
class Opened:
    """A kit that others opened.

    :ivar kit: the kit
    :ivar number: how many collectivités of the same kind and size published from it
    :ivar names: of the nearest of them, with their SIREN
    """

    kit: Kit
    number: int
    names: tuple[tuple[str, str], ...]


def row_of(siren: str) -> Any | None:
    """A collectivité as the observatory has it, of its SIREN."""
    rows = figures.observed()
    query = sa.select(rows).where(rows.c.siren == siren)
    return model.Session.execute(query).mappings().first()


def elsewhere(siren: str) -> list[Elsewhere]:
    """What it publishes on other portals, the latest count of each source first."""
    return list(
        model.Session.query(Elsewhere)
        .filter(Elsewhere.siren == siren, Elsewhere.number > 0)
        .order_by(Elsewhere.counted_on.desc(), Elsewhere.source)
    )


def near(row: Any) -> tuple[list[Any], int, int]:
    """Who is around: the communes of an EPCI; of a commune those of its EPCI or else of
    its département, without itself.

    :param row: of :func:`row_of`
    :returns: the first of them, those that publish and then those of about its size
        first; how many there are; and how many of these publish
    """
    rows = figures.observed()
    around = (
        rows.c.epci == row["epci"]
        if row["epci"]
        else rows.c.departement == row["departement"]
    )
    distance = sa.func.abs(
        sa.func.coalesce(rows.c.population, 0) - (row["population"] or 0)
    )
    query = (
        sa.select(
            rows,
            sa.func.count().over().label("total"),
            sa.func.count().filter(rows.c.publishes).over().label("publishing"),
        )
        .where(around, rows.c.kind == "commune", rows.c.code != row["code"])
        .order_by(rows.c.publishes.desc(), distance, rows.c.search_key, rows.c.code)
        .limit(MOST_NEAR)
    )
    found = model.Session.execute(query).mappings().all()
    if not found:
        return [], 0, 0
    return list(found), found[0]["total"], found[0]["publishing"]


def epci_of(row: Any) -> Any | None:
    """The EPCI of a commune, as the observatory has it."""
    return row_of(row["epci_siren"]) if row["epci_siren"] else None


def kits_to_open(row: Any, kits: Iterable[Kit]) -> list[Opened]:
    """The kits that fit it and that it has not opened.

    What most of its kind and size did comes first, then the order of the programmes.

    :param row: of :func:`row_of`
    """
    is_epci = row["kind"] in EPCI_KINDS
    done, by_others = _published(row, is_epci)
    fitting = [
        kit
        for kit in kits
        if kit.key not in done and kit.fits(row["kind"], row["population"])
    ]
    found = [Opened(kit, *by_others.get(kit.key, (0, ()))) for kit in fitting]
    # Sorting is stable: what nobody opened stays in the order of the programmes.
    found.sort(key=lambda one: -one.number)
    return found[:MOST_KITS]


def _published(
    row: Any, is_epci: bool
) -> tuple[Collection[str], dict[str, tuple[int, tuple[tuple[str, str], ...]]]]:
    """From which kits it has published, and from which those of its kind and size."""
    rows = figures.observed()
    kinds = rows.c.kind.in_(sorted(EPCI_KINDS))
    alike = sa.and_(rows.c.size == row["size"], kinds if is_epci else sa.not_(kinds))
    query = (
        sa.select(rows.c.code, rows.c.siren, rows.c.name, rows.c.organization_id)
        .where(
            rows.c.publishes,
            rows.c.siren.is_not(None),
            sa.or_(rows.c.code == row["code"], alike),
        )
        # The nearest are named.
        .order_by(
            (rows.c.departement == row["departement"]).desc().nulls_last(),
            sa.func.abs(
                sa.func.coalesce(rows.c.population, 0) - (row["population"] or 0)
            ),
            rows.c.search_key,
            rows.c.code,
        )
    )
    published = list(model.Session.execute(query))
    kits = _kits_of([one.organization_id for one in published])
    own: set[str] = set()
    others: dict[str, list[tuple[str, str]]] = {}
    for one in published:
        for kit in kits.get(one.organization_id, ()):
            if one.code == row["code"]:
                own.add(kit)
            else:
                others.setdefault(kit, []).append((one.siren, one.name))
    return own, {
        kit: (len(names), tuple(names[:MOST_NAMED])) for kit, names in others.items()
    }


def _kits_of(organization_ids: Collection[str]) -> dict[str, list[str]]:
    """The kits from which organizations have public datasets."""
    extras = catalog.dataset_extras(["challenge_kit"])
    kit = extras.columns["challenge_kit"]
    found = model.Session.execute(
        sa.text(
            f"""
            SELECT p.owner_org, array_agg(DISTINCT {kit}) AS kits
            FROM package p {extras.joins}
            WHERE p.owner_org = ANY (CAST(:ids AS text[])) AND {catalog.PUBLIC}
              AND {kit} <> ''
            GROUP BY p.owner_org
            """
        ),
        {"ids": array(organization_ids)},
    )
    return {row.owner_org: row.kits for row in found}

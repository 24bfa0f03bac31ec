"""The territories that datasets cover, and who publishes them, for harvesters.

What is asked for is read once for all datasets of an answer (:func:`prepare`), and kept
as long as the request: however many datasets a catalogue has, these are two statements.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from ckan import model
from flask import g, has_request_context

from ckanext.challenge.common import own_fields, shield
from ckanext.challenge.model import contour
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.catalog import organization_extras

T = TypeVar("T")

_SEPARATORS = re.compile(r"[\s,;|]+")
#: Of a commune, or of whom a SIREN names.
_CODE = re.compile(r"[0-9][0-9AB][0-9]{3}|[0-9]{9}")
_KEPT = "challenge_places"


@dataclass(frozen=True)
class Territory:
    """A commune or an EPCI.

    :ivar code: its INSEE code, or its SIREN: the former of a commune that is known
    :ivar name: as the directory has it; empty where it does not know the code
    :ivar departement: the code of its département, if that is known
    :ivar outline: its contour as GeoJSON, a ``Polygon`` or ``MultiPolygon`` in WGS 84,
        where the portal has loaded some
    """

    code: str
    name: str = ""
    departement: str | None = None
    outline: Mapping[str, Any] | None = None

    @property
    def uri(self) -> str:
        """Its address at INSEE."""
        kind = "commune" if len(self.code) == 5 else "intercommunalite"
        return f"http://id.insee.fr/geo/{kind}/{self.code}"


@dataclass(frozen=True)
class Publisher:
    """What an organization says of itself, as far as it does."""

    siren: str = ""
    kind: str = ""
    website: str = ""


def codes(dataset: Mapping[str, Any]) -> list[str]:
    """The codes of the territories that a dataset covers."""
    found = _SEPARATORS.split(own_fields.read(dataset, "spatial_insee"))
    return list(dict.fromkeys(code for code in found if _CODE.fullmatch(code)))


def prepare(datasets: Iterable[Mapping[str, Any]]) -> None:
    """Read what :func:`territories` and :func:`publisher` will be asked of datasets."""
    rows = list(datasets)
    territories({code: None for row in rows for code in codes(row)})
    _publishers({row["owner_org"]: None for row in rows if row.get("owner_org")})


def territories(wanted: Collection[str]) -> list[Territory]:
    """The territories of some codes, in their order."""
    found = _kept("territories", wanted, _read_territories)
    return [found.get(code) or Territory(code) for code in wanted]


def outline(covered: Collection[Territory]) -> dict[str, Any] | None:
    """The contours of some territories in one, as GeoJSON; none where none is known."""
    polygons: list[Any] = []
    for territory in covered:
        if territory.outline:
            drawn = territory.outline["coordinates"]
            polygons += (
                drawn if territory.outline["type"] == "MultiPolygon" else [drawn]
            )
    if not polygons:
        return None
    return {"type": "MultiPolygon", "coordinates": polygons}


def publisher(organization_id: str | None) -> Publisher:
    """What an organization says of itself."""
    if not organization_id:
        return Publisher()
    found = _publishers([organization_id])
    return found.get(organization_id) or Publisher()


def _publishers(wanted: Collection[str]) -> Mapping[str, Publisher]:
    return _kept("publishers", wanted, _read_publishers)


def _kept(
    name: str,
    wanted: Collection[str],
    read: Callable[[Collection[str]], Mapping[str, T]],
) -> Mapping[str, T]:
    """What is known of some keys; what is not yet is read in one statement."""
    memory: dict[str, dict[str, Any]] = {}
    if has_request_context():
        if not hasattr(g, _KEPT):
            setattr(g, _KEPT, memory)
        memory = getattr(g, _KEPT)
    known = memory.setdefault(name, {})
    missing = [key for key in wanted if key not in known]
    if missing:
        known.update(dict.fromkeys(missing))
        known.update(read(missing))
    return known


@shield.shielded(dict[str, Territory])
def _read_territories(wanted: Collection[str]) -> dict[str, Territory]:
    rows = model.Session.execute(
        sa.text(
            """
            SELECT asked.code, coalesce(c.insee_code, asked.code) AS own,
                   c.name, c.departement
            FROM unnest(CAST(:codes AS text[])) AS asked (code)
            JOIN challenge_collectivite c
                 ON c.insee_code = asked.code OR c.siren = asked.code
            """
        ),
        {"codes": array(wanted)},
    )
    # Harvesters take nothing but polygons.
    contours = contour.outlines(wanted)
    return {
        row.code: Territory(row.own, row.name, row.departement, contours.get(row.code))
        for row in rows
    }


@shield.shielded(dict[str, Publisher])
def _read_publishers(wanted: Collection[str]) -> dict[str, Publisher]:
    extras = organization_extras(("siren", "kind", "website"))
    columns = ", ".join(
        f"coalesce({column}, '') AS {key}" for key, column in extras.columns.items()
    )
    rows = model.Session.execute(
        sa.text(
            f"""
            SELECT g.id, {columns} FROM "group" g {extras.joins}
            WHERE g.id = ANY (CAST(:ids AS text[]))
            """
        ),
        {"ids": array(wanted)},
    )
    return {row.id: Publisher(row.siren, row.kind, row.website) for row in rows}

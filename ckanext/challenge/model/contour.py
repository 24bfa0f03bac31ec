"""Outlines of collectivités, and the maps that are made of them.

Other rooms ask :func:`boxes` and :func:`outlines` for what they need, in one statement
for any number of collectivités.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Mapped

from ckanext.challenge.domain.boxes import Box

from .arrays import array
from .base import json_column

#: What a map may be made of; the first two are collectivités of the directory.
LEVELS = ("commune", "epci", "departement")
#: The columns of a :class:`Contour` that are its box.
SIDES = ("west", "south", "east", "north")


class Contour(tk.BaseModel):
    """The outline of a commune, an EPCI or a département.

    ``level`` is one of :data:`LEVELS`; ``code`` the key of the directory's row, or the
    code of the département. ``geometry`` is a GeoJSON Polygon or MultiPolygon, in
    degrees, simplified to some hundred metres; the box around what was loaded is in
    degrees, too.
    """

    __table__ = sa.Table(
        "challenge_contour",
        tk.BaseModel.metadata,
        sa.Column("level", sa.UnicodeText, primary_key=True),
        sa.Column("code", sa.UnicodeText, primary_key=True),
        json_column("geometry", dict),
        *(sa.Column(side, sa.Float, nullable=False) for side in SIDES),
    )

    level: Mapped[str]
    code: Mapped[str]
    geometry: Mapped[dict[str, Any]]
    west: Mapped[float]
    south: Mapped[float]
    east: Mapped[float]
    north: Mapped[float]


class ContourMap(tk.BaseModel):
    """A picture of outlines, made when they are loaded.

    ``departement`` is the one that it shows, or empty for all of them. ``version``
    changes with the picture. ``shapes`` is a list of ``[code, path]`` in a picture of
    ``width`` by ``height`` pixels.
    """

    __table__ = sa.Table(
        "challenge_map",
        tk.BaseModel.metadata,
        sa.Column("level", sa.UnicodeText, primary_key=True),
        sa.Column("departement", sa.UnicodeText, primary_key=True),
        sa.Column("version", sa.UnicodeText, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        json_column("shapes", list),
    )

    level: Mapped[str]
    departement: Mapped[str]
    version: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    shapes: Mapped[list[list[str]]]


class FormerCode(tk.BaseModel):
    """An INSEE code that a commune had, which is a part of another one today.

    ``siren`` is that of the other one, in the list that said so.
    """

    __table__ = sa.Table(
        "challenge_former_code",
        tk.BaseModel.metadata,
        sa.Column("insee_code", sa.UnicodeText, primary_key=True),
        sa.Column("siren", sa.UnicodeText, nullable=False),
    )

    insee_code: Mapped[str]
    siren: Mapped[str]


def boxes(codes: Collection[str]) -> dict[str, Box]:
    """What lies around some collectivités.

    :param codes: INSEE codes of communes, or SIRENs
    :returns: by each code that has an outline, in degrees
    """
    rows = _found(codes, ", ".join(f"o.{side}" for side in SIDES))
    return {row.asked: Box(*(getattr(row, side) for side in SIDES)) for row in rows}


def outlines(codes: Collection[str]) -> dict[str, dict[str, Any]]:
    """The simplified outlines of some collectivités.

    :param codes: INSEE codes of communes, or SIRENs
    :returns: by each code that has an outline, its GeoJSON geometry
    """
    return {row.asked: row.geometry for row in _found(codes, "o.geometry")}


def departement_outlines() -> dict[str, dict[str, Any]]:
    """The simplified outlines of all départements, by code, as GeoJSON geometries."""
    rows = model.Session.query(Contour.code, Contour.geometry).filter(
        Contour.level == "departement"
    )
    return {row.code: row.geometry for row in rows}


def _found(codes: Collection[str], columns: str) -> list[Any]:
    if not codes:
        return []
    # Communes overseas have their INSEE code as key; their level tells them apart.
    statement = sa.text(
        f"""
        SELECT asked.code AS asked, {columns}
        FROM unnest(CAST(:codes AS text[])) AS asked (code)
        JOIN challenge_collectivite c
          ON c.code = asked.code OR c.insee_code = asked.code
        JOIN challenge_contour o
          ON o.code = c.code
         AND o.level = CASE c.kind WHEN 'commune' THEN 'commune' ELSE 'epci' END
        """
    )
    rows = model.Session.execute(statement, {"codes": array(sorted(codes))})
    return list(rows)

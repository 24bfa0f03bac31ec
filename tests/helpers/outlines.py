"""Outlines made for tests: communes that are squares in a row."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ckanext.challenge.directory import contours


def square(code: str, place: int = 0) -> dict[str, Any]:
    """A commune of a tenth of a degree, as a feature of GeoJSON.

    :param place: how many of these lie to the west of it
    """
    x = 2 + place / 10
    ring = [[x, 47.0], [x + 0.1, 47.0], [x + 0.1, 47.1], [x, 47.1], [x, 47.0]]
    return {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def load_squares(codes: Iterable[str] = ("45024", "36159", "18127", "41116")) -> None:
    """Give communes of the directory an outline, one beside the other.

    :param codes: INSEE codes; by default those of :func:`factories.collectivites`
    """
    features = [square(code, place) for place, code in enumerate(codes)]
    document = {"type": "FeatureCollection", "features": features}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "communes.geojson"
        path.write_text(json.dumps(document), "utf-8")
        contours.store(contours.read(path))

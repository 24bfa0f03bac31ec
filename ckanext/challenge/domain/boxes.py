"""The box around an outline, and how maps write it.

An outline is GeoJSON, a ``Polygon`` or a ``MultiPolygon``, in degrees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Box(NamedTuple):
    """The outermost degrees of an outline."""

    west: float
    south: float
    east: float
    north: float

    @property
    def wkt(self) -> str:
        """The box as a polygon in well-known text, its ring closed."""
        corners = (
            (self.west, self.south),
            (self.east, self.south),
            (self.east, self.north),
            (self.west, self.north),
            (self.west, self.south),
        )
        return f"POLYGON (({', '.join(_point(*corner) for corner in corners)}))"

    @property
    def centre_wkt(self) -> str:
        """Its middle as a point in well-known text."""
        middle = ((self.west + self.east) / 2, (self.south + self.north) / 2)
        return f"POINT ({_point(*middle)})"


def box_of(outline: Mapping[str, Any]) -> Box:
    """Return the box around an outline.

    :raises ValueError: it has no points
    """
    points = list(_points(outline["coordinates"]))
    if not points:
        raise ValueError("an outline without points")
    east, north = (max(point[axis] for point in points) for axis in (0, 1))
    west, south = (min(point[axis] for point in points) for axis in (0, 1))
    return Box(west, south, east, north)


def _points(coordinates: Any) -> Iterator[tuple[float, float]]:
    if coordinates and isinstance(coordinates[0], (int, float)):
        yield coordinates[0], coordinates[1]
        return
    for part in coordinates:
        yield from _points(part)


def _point(east: float, north: float) -> str:
    return f"{east:.4f} {north:.4f}"

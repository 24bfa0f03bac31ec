"""The box around an outline, and how maps write it.

An outline is GeoJSON, a ``Polygon`` or a ``MultiPolygon``, in degrees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Box(NamedTuple):
    """What lies around an outline, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def centre(self) -> tuple[float, float]:
        """The longitude and the latitude of its middle."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    def holds(self, longitude: float, latitude: float, margin: float = 0.0) -> bool:
        """Whether a point lies in it, or no further from it than a margin."""
        return (
            self.west - margin <= longitude <= self.east + margin
            and self.south - margin <= latitude <= self.north + margin
        )

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
        return f"POINT ({_point(*self.centre)})"


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

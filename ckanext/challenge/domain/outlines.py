"""Outlines of communes that share their borders: cut once, simplified once, joined.

What two communes have in common is one *arc*. It is simplified by itself, so that no
gap opens between them, and what a group of communes has inside falls away when they
are joined. Points are whole numbers on a grid of about ten metres, which also brings
together what two neighbours wrote a little differently.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .boxes import Box

#: Steps of the grid in a degree: about 11 metres from north to south.
GRID = 10_000
#: Metres in a degree of latitude.
_DEGREE = 111_320.0
_SHIFT = 32
_LOW = (1 << _SHIFT) - 1
#: More than any point's weight: the ends of arcs are never left out.
_ALWAYS = math.inf
#: Corners of the smallest ring.
_TRIANGLE = 3
#: How often the tolerance is halved for what would disappear.
_FINER = 12

Point = tuple[int, int]
Ring = Sequence[int]
"""Packed points, the last one not repeated."""


def pack(longitude: float, latitude: float) -> int:
    """A point on the grid as one number; both in degrees."""
    x, y = round((longitude + 180) * GRID), round((latitude + 90) * GRID)
    return x << _SHIFT | y


def unpack(point: int) -> Point:
    """The two coordinates of a packed point, in steps from 180° west and 90° south."""
    return point >> _SHIFT, point & _LOW


def degrees(point: int) -> tuple[float, float]:
    """Longitude and latitude of a packed point, in degrees."""
    x, y = unpack(point)
    return round(x / GRID - 180, 4), round(y / GRID - 90, 4)


def ring(points: Iterable[Sequence[float]]) -> array[int]:
    """A closed line of ``(longitude, latitude)`` on the grid; empty where nothing is
    left of it there.
    """
    kept = array("q")
    for point in points:
        packed = pack(point[0], point[1])
        if not kept or kept[-1] != packed:
            kept.append(packed)
    while len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    return kept if len(set(kept)) >= _TRIANGLE and area(kept) else array("q")


def area(points: Sequence[int]) -> float:
    """Twice the area within a ring, in steps of the grid; negative when clockwise."""
    # From the first point: the products stay small.
    x0, y0 = unpack(points[0])
    total = 0
    x1, y1 = unpack(points[-1])
    for point in points:
        x2, y2 = unpack(point)
        total += (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        x1, y1 = x2, y2
    return total


class Topology:
    """Areas cut into arcs.

    :param areas: by a key, its polygons: the outer ring first, then its holes
    """

    def __init__(self, areas: Mapping[str, Sequence[Sequence[Ring]]]) -> None:
        self.arcs: list[array[int]] = []
        self._weights: dict[int, list[float]] = {}
        self._index: dict[tuple[int, int], int] = {}
        turned = {
            key: [
                _wound(line, outer=number == 0)
                for polygon in polygons
                for number, line in enumerate(polygon)
                if len(line)
            ]
            for key, polygons in areas.items()
        }
        junctions = _junctions(line for lines in turned.values() for line in lines)
        self.areas: dict[str, list[list[int]]] = {
            key: [self._cut(line, junctions) for line in lines]
            for key, lines in turned.items()
        }

    def _cut(self, line: Ring, junctions: set[int]) -> list[int]:
        """A ring as numbers of arcs; ``~n`` is arc ``n`` backwards."""
        at = [index for index, point in enumerate(line) if point in junctions]
        if not at:
            # An island or an enclave: whoever has it begins at the same point.
            at = [min(range(len(line)), key=lambda index: line[index])]
        start = at[0]
        whole = array("q", [*line[start:], *line[:start], line[start]])
        ends = [index - start for index in at[1:]] + [len(line)]
        pieces, begin = [], 0
        for end in ends:
            pieces.append(self._arc(whole[begin : end + 1]))
            begin = end
        return pieces

    def _arc(self, points: array[int]) -> int:
        # Between two junctions a line has no choice: its first step says which it is.
        backwards = self._index.get((points[-1], points[-2]))
        if backwards is not None and _is_backwards(self.arcs[backwards], points):
            return ~backwards
        forwards = self._index.get((points[0], points[1]))
        if forwards is not None and self.arcs[forwards] == points:
            return forwards
        self.arcs.append(points)
        self._index[points[0], points[1]] = len(self.arcs) - 1
        return len(self.arcs) - 1

    def joined(self, keys: Iterable[str]) -> list[list[int]]:
        """The rings of several areas as one: what they share is left out."""
        lines = [line for key in keys for line in self.areas[key]]
        count: Counter[int] = Counter(arc for line in lines for arc in line)
        left = {arc for arc in count if ~arc not in count}
        if len(left) == len(count):
            return lines
        return self._chained([arc for line in lines for arc in line if arc in left])

    def _chained(self, arcs: Sequence[int]) -> list[list[int]]:
        """Arcs put together to rings, none of which meets a junction twice."""
        leaving: dict[int, list[int]] = {}
        for arc in reversed(arcs):
            leaving.setdefault(self._first(arc), []).append(arc)
        rings: list[list[int]] = []
        for arc in arcs:
            path: list[int] = []
            met: dict[int, int] = {}
            point = self._first(arc)
            while leaving.get(point):
                met[point] = len(path)
                step = leaving[point].pop()
                path.append(step)
                point = self._first(~step)
                if point in met:
                    loop = path[met[point] :]
                    rings.append(loop)
                    del path[met[point] :]
                    for passed in loop:
                        met.pop(self._first(passed), None)
        return rings

    def _first(self, arc: int) -> int:
        return self.arcs[~arc][-1] if arc < 0 else self.arcs[arc][0]

    def points(self, line: Sequence[int], tolerance: float) -> list[int]:
        """A ring's points, the last one not repeated.

        :param tolerance: in metres: what is nearer than that to the line between the
            points that are kept is left out
        """
        found: list[int] = []
        for arc in line:
            number = ~arc if arc < 0 else arc
            kept = self._simplified(number, tolerance)
            found.extend((kept[::-1] if arc < 0 else kept)[:-1])
        return found

    def _simplified(self, number: int, tolerance: float) -> list[int]:
        if number not in self._weights:
            self._weights[number] = weights(self.arcs[number])
        return [
            point
            for point, weight in zip(
                self.arcs[number], self._weights[number], strict=True
            )
            if weight > tolerance
        ]

    def visible(
        self, lines: Sequence[Sequence[int]], tolerance: float
    ) -> list[list[int]]:
        """The rings of one area as points; what is left of it is never nothing.

        Where a tolerance leaves no ring of it, a smaller one is taken.
        """
        for _ in range(_FINER):
            found = [
                points
                for line in lines
                if is_area(points := self.points(line, tolerance))
            ]
            if any(area(points) > 0 for points in found):
                return found
            tolerance /= 2
        return [self.points(line, 0) for line in lines]


def is_area(points: Sequence[int]) -> bool:
    """Whether anything lies within a ring."""
    return len(points) >= _TRIANGLE and bool(area(points))


def _wound(line: Ring, *, outer: bool) -> Ring:
    """A ring with its inside on the left, so that neighbours pass an arc in opposite
    directions.
    """
    return line if (area(line) > 0) == outer else line[::-1]


def _junctions(lines: Iterable[Ring]) -> set[int]:
    """The points at which more than one line goes on."""
    beside: dict[int, tuple[int, int]] = {}
    found: set[int] = set()
    for line in lines:
        before = line[-1]
        for index, point in enumerate(line):
            after = line[index + 1 - len(line)]
            pair = (before, after) if before < after else (after, before)
            if beside.setdefault(point, pair) != pair:
                found.add(point)
            before = point
    return found


def _is_backwards(arc: array[int], points: array[int]) -> bool:
    return len(arc) == len(points) and arc == points[::-1]


def weights(arc: Sequence[int]) -> list[float]:
    """How far off the line each point of an arc is, in metres, as Douglas and Peucker
    look at them: the points of a simplified arc are those over the tolerance.

    The ends have no end of weight, so that what meets there still does.
    """
    last = len(arc) - 1
    points = _in_metres(arc)
    found = [0.0] * len(arc)
    found[0] = found[last] = _ALWAYS
    waiting = [(0, last, _ALWAYS)]
    while waiting:
        start, end, most = waiting.pop()
        if end - start < 2:
            continue
        index, distance = _farthest(points, start, end)
        # A point never outlives the one that it was found after.
        found[index] = weight = min(distance, most)
        waiting.append((start, index, weight))
        waiting.append((index, end, weight))
    return found


def _in_metres(arc: Sequence[int]) -> list[tuple[float, float]]:
    along = math.cos(math.radians(degrees(arc[0])[1])) * _DEGREE / GRID
    up = _DEGREE / GRID
    return [(x * along, y * up) for x, y in map(unpack, arc)]


def _farthest(
    points: Sequence[tuple[float, float]], start: int, end: int
) -> tuple[int, float]:
    x1, y1 = points[start]
    dx, dy = points[end][0] - x1, points[end][1] - y1
    length = dx * dx + dy * dy
    best, at = -1.0, start + 1
    for index in range(start + 1, end):
        px, py = points[index][0] - x1, points[index][1] - y1
        if length:
            along = (px * dx + py * dy) / length
            # Beyond an end, it is the end that a point is far from.
            along = 0.0 if along < 0 else min(along, 1.0)
            px, py = px - along * dx, py - along * dy
        distance = px * px + py * py
        if distance > best:
            best, at = distance, index
    return at, math.sqrt(best)


def box(lines: Iterable[Sequence[int]]) -> Box:
    """What lies around rings of points.

    :raises ValueError: when there is no point
    """
    points = [unpack(point) for line in lines for point in line]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    return Box(
        *degrees(west << _SHIFT | south),
        *degrees(east << _SHIFT | north),
    )


def geometry(lines: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Rings of points as a GeoJSON geometry (RFC 7946: outer rings anticlockwise)."""
    shells = [[line] for line in lines if area(line) > 0]
    # The smallest ring around a hole is the one that has it.
    shells.sort(key=lambda polygon: area(polygon[0]))
    for line in lines:
        if area(line) < 0:
            for polygon in shells:
                if _inside(line, polygon[0]):
                    polygon.append(line)
                    break
    shells.reverse()
    polygons = [
        [[list(degrees(point)) for point in (*line, line[0])] for line in polygon]
        for polygon in shells
    ]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _inside(line: Sequence[int], other: Sequence[int]) -> bool:
    """Whether a ring lies within another one, which it may touch."""
    corners = set(other)
    for point in line:
        if point not in corners:
            return _holds(other, unpack(point))
    return area(other) >= abs(area(line))


def _holds(line: Sequence[int], point: Point) -> bool:
    x, y = point
    inside = False
    x1, y1 = unpack(line[-1])
    for corner in line:
        x2, y2 = unpack(corner)
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        x1, y1 = x2, y2
    return inside


@dataclass(frozen=True)
class Frame:
    """A picture of a part of the earth: equirectangular, true at its middle latitude.

    :ivar box: what it shows
    :ivar width: of the picture, in pixels
    """

    box: Box
    width: int

    @property
    def metres(self) -> float:
        """How many metres a pixel is."""
        span = max(self.box.east - self.box.west, 1 / GRID)
        return span * self._cosine * _DEGREE / self.width

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""
        span = self.box.north - self.box.south
        return max(1, math.ceil(span * _DEGREE / self.metres))

    @property
    def _cosine(self) -> float:
        return math.cos(math.radians((self.box.north + self.box.south) / 2))

    def place(self, point: int) -> Point:
        """Where a packed point is, in whole pixels from the upper left corner."""
        longitude, latitude = degrees(point)
        return (
            round((longitude - self.box.west) * self._cosine * _DEGREE / self.metres),
            round((self.box.north - latitude) * _DEGREE / self.metres),
        )

    def path(self, lines: Sequence[Sequence[int]]) -> str:
        """Rings of points as the path of an SVG picture, never an empty one: what is
        smaller than a pixel is one.
        """
        drawn = "".join(self._subpaths(lines))
        if drawn:
            return drawn
        x, y = self.place(lines[0][0])
        return f"M{x} {y}h1v1h-1z"

    def _subpaths(self, lines: Sequence[Sequence[int]]) -> Iterator[str]:
        for line in lines:
            placed = [self.place(point) for point in line]
            kept = [
                point
                for index, point in enumerate(placed)
                if point != placed[index - 1]
            ]
            if len(set(kept)) < _TRIANGLE:
                continue
            (x, y), steps = kept[0], []
            for x2, y2 in kept[1:]:
                steps.append(f"{x2 - x} {y2 - y}")
                x, y = x2, y2
            # A minus parts two numbers as well as a space does.
            text = " ".join(steps).replace(" -", "-")
            yield f"M{kept[0][0]} {kept[0][1]}l{text}z"

"""Outlines of communes, as a GeoJSON file has them: read one by one, and judged.

A file of a country is larger than what a server has memory for, as objects: each
feature is packed as soon as it is read.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from . import outlines
from .boxes import Box
from .places import is_in_france

#: What files call the INSEE code of a commune, in any capitals.
CODE_PROPERTIES = (
    "code",
    "insee",
    "insee_com",
    "code_insee",
    "codeinsee",
    "code_commune",
    "com",
)
#: Reference systems whose coordinates are degrees, longitude first, as in RFC 7946
#: (RGF93, which IGN writes, is the same to some centimetres).
_DEGREES = re.compile(r"(?:CRS:?84|EPSG[:/].*\b(?:4326|4171))$", re.I)
_CODE = re.compile(r"(?:\d{2}|2[AB])\d{3}")
_CHUNK = 1 << 20
#: Where communes lie whose code does not begin with 97 or 98.
_METROPOLE = Box(-6.0, 41.0, 10.0, 52.0)
_MOST_TOLD = 10


class ContourError(Exception):
    """A file that cannot be used: what is wrong, and in which part of it.

    :ivar problem: what is wrong, and what was expected
    :ivar where: of the file; or none
    """

    def __init__(self, problem: str, where: str | None = None) -> None:
        self.problem, self.where = problem, where
        super().__init__(": ".join(filter(None, (where, problem))))


@dataclass(frozen=True)
class Feature:
    """The outline of one commune.

    :ivar code: its INSEE code
    :ivar polygons: on the grid of :mod:`.outlines`, the outer ring first; empty where
        the file has none, or none that is larger than a step of the grid
    """

    code: str
    polygons: tuple[tuple[array[int], ...], ...]


def read(stream: TextIO) -> Iterator[Feature]:
    """Read a ``FeatureCollection`` of communes.

    :param stream: its text
    :raises ContourError: for the first thing that is wrong: no GeoJSON, another
        projection, no INSEE code, a line that is not closed
    """
    text = _Text(stream)
    text.expect("{", "this is no GeoJSON: an object is expected")
    found = False
    while not text.take("}"):
        key = text.value()
        text.expect(":", "a colon is expected after a name")
        if key == "features":
            found = True
            yield from _features(text)
        else:
            value = text.value()
            if key == "crs":
                _check_crs(value)
            elif key == "type" and value != "FeatureCollection":
                raise ContourError(f"« {value} » is no FeatureCollection", "$.type")
        text.take(",")
    if not found:
        raise ContourError("a FeatureCollection with its features is expected", "$")


def _features(text: _Text) -> Iterator[Feature]:
    text.expect("[", "a list of features is expected")
    number = 0
    while not text.take("]"):
        yield _feature(text.value(), f"feature {number + 1}")
        number += 1
        text.take(",")
    if not number:
        raise ContourError("the file has no feature", "$.features")


def _feature(value: Any, where: str) -> Feature:
    if not isinstance(value, dict):
        raise ContourError("an object is expected", where)
    code = _code(value.get("properties"), where)
    where = f"{where} ({code})"
    return Feature(code, tuple(_polygons(value.get("geometry"), code, where)))


def _code(properties: Any, where: str) -> str:
    given = properties if isinstance(properties, dict) else {}
    named = {str(name).lower(): value for name, value in given.items()}
    name = next((name for name in CODE_PROPERTIES if name in named), None)
    if name is None:
        raise ContourError(
            "the INSEE code of the commune is expected in one of the properties "
            + ", ".join(CODE_PROPERTIES),
            where,
        )
    value = named[name]
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:05d}"
    if not isinstance(value, str) or not _CODE.fullmatch(value.strip().upper()):
        shown = str(value)[:40]
        raise ContourError(
            f"« {shown} » is not an INSEE code, such as 45024 or 2A004",
            f"{where}, property {name}",
        )
    return value.strip().upper()


def _check_crs(value: Any) -> None:
    if value is None:
        return
    properties = value.get("properties") if isinstance(value, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not _DEGREES.search(name):
        shown = str(name or value)[:60]
        raise ContourError(
            f"the projection is « {shown} »: degrees of WGS84 are expected"
            " (export the file as EPSG:4326)",
            "$.crs",
        )


def _polygons(value: Any, code: str, where: str) -> Iterator[tuple[array[int], ...]]:
    if value is None:
        return
    kind = value.get("type") if isinstance(value, dict) else None
    given = value.get("coordinates") if isinstance(value, dict) else None
    if kind == "Polygon":
        given = [given] if given else []
    elif kind != "MultiPolygon":
        raise ContourError(
            f"« {str(kind)[:40]} » is no outline: a Polygon or a MultiPolygon is"
            " expected",
            where,
        )
    for polygon in _listed(given or [], where):
        rings = [_ring(line, code, where) for line in _listed(polygon, where)]
        if rings and rings[0]:
            yield tuple(line for line in rings if line)


def _listed(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ContourError("the coordinates are no lists of points", where)
    return value


def _ring(value: Any, code: str, where: str) -> array[int]:
    points = _listed(value, where)
    if not points:
        return array("q")
    for point in points:
        _check_point(point, code, where)
    if len(points) < 4 or points[0][:2] != points[-1][:2]:
        raise ContourError(
            "a line is open: its last point must be its first one, and four points"
            " are the least",
            where,
        )
    return outlines.ring(points)


def _check_point(point: Any, code: str, where: str) -> None:
    if (
        not isinstance(point, list)
        or len(point) < 2
        or not all(
            (isinstance(number, float) and math.isfinite(number))
            or (isinstance(number, int) and not isinstance(number, bool))
            for number in point[:2]
        )
    ):
        raise ContourError(f"« {str(point)[:60]} » is no point", where)
    x, y = point[0], point[1]
    if abs(x) > 180 or abs(y) > 90:
        raise ContourError(
            f"{str(x)[:20]}, {str(y)[:20]} are no degrees: the file has another"
            " projection (Lambert 93?). Export it as WGS84 (EPSG:4326)",
            where,
        )
    overseas = code[:2] in ("97", "98")
    if not (is_in_france(x, y) if overseas else _METROPOLE.holds(x, y)):
        raise ContourError(
            f"{x}, {y} lies outside of {'' if overseas else 'metropolitan '}France: are"
            " these longitude, then latitude, in degrees?",
            where,
        )


class _Text:
    """JSON that is read in pieces."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._decoder = json.JSONDecoder(parse_constant=_no_number)
        self._held = stream.read(_CHUNK).lstrip("\ufeff")
        self._at = 0
        self._passed = 0

    def take(self, sign: str) -> bool:
        """Whether the next sign is that one; it is passed over then."""
        if self._next() != sign:
            return False
        self._at += 1
        return True

    def expect(self, sign: str, problem: str) -> None:
        """Pass over a sign.

        :raises ContourError: where there is another one
        """
        if not self.take(sign):
            raise self._wrong(problem)

    def value(self) -> Any:
        """The next value."""
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
            except RecursionError:
                raise self._wrong("the JSON is nested too deeply") from None
            except ValueError as error:
                if not self._more():
                    problem = getattr(error, "msg", str(error))
                    raise self._wrong(f"this is no valid JSON: {problem}") from None
                continue
            # A number at the very end of what is held may have more digits.
            if end == len(self._held) and self._more():
                continue
            self._at = end
            return value

    def _next(self) -> str:
        while True:
            while self._at < len(self._held):
                if not self._held[self._at].isspace():
                    return self._held[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _more(self) -> bool:
        # What is held doubles while one value is read: its reading stays linear.
        more = self._stream.read(max(_CHUNK, len(self._held) - self._at))
        self._passed += self._at
        self._held = self._held[self._at :] + more
        self._at = 0
        return bool(more)

    def _wrong(self, problem: str) -> ContourError:
        return ContourError(problem, f"character {self._passed + self._at + 1}")


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


@dataclass(frozen=True)
class Judged:
    """The outlines of a file, by what they are of today.

    :ivar pieces: by the key of what the directory has today, the codes of the file
        that are of it
    :ivar merged: codes of communes that are a part of another one today
    :ivar unknown: codes that the directory does not know, in order
    :ivar empty: codes that have no outline, in order
    """

    pieces: Mapping[str, tuple[str, ...]]
    merged: tuple[str, ...]
    unknown: tuple[str, ...]
    empty: tuple[str, ...]


#: What share of a file's codes the directory may not know.
TOLERATED = 0.1


def judge(
    areas: Mapping[str, object],
    present: Mapping[str, str],
    former: Mapping[str, str],
) -> Judged:
    """What the outlines of a file are of.

    :param areas: by the INSEE code of the file, its polygons; empty for none
    :param present: by the INSEE code of today, the key of the commune
    :param former: by an INSEE code that a commune had, the key of what it became
    :raises ContourError: when the directory knows too few of the codes, or when there
        is no outline
    """
    pieces: dict[str, list[str]] = {}
    merged, unknown, empty = [], [], []
    for code in sorted(areas):
        key = present.get(code) or former.get(code)
        if key is None:
            unknown.append(code)
            continue
        if not areas[code]:
            empty.append(code)
            continue
        if code not in present:
            merged.append(code)
        pieces.setdefault(key, []).append(code)
    if len(unknown) > TOLERATED * len(areas):
        raise ContourError(
            f"the directory does not know {len(unknown)} of the {len(areas)} codes"
            f" ({told(unknown)}): is this the file of another region? Load the"
            " directory of the region, or of the country, first"
        )
    if not pieces:
        raise ContourError("no commune of the file has an outline")
    return Judged(
        {key: tuple(codes) for key, codes in pieces.items()},
        tuple(merged),
        tuple(unknown),
        tuple(empty),
    )


def told(codes: list[str] | tuple[str, ...]) -> str:
    """The first of some codes, and that there are more.

    >>> told(["45024", "45025"])
    '45024, 45025'
    """
    shown = ", ".join(codes[:_MOST_TOLD])
    return f"{shown}…" if len(codes) > _MOST_TOLD else shown

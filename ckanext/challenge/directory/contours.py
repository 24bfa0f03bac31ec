"""Outlines of communes: from a GeoJSON file to stored outlines and maps.

What a portal loads is made once: nothing is simplified, joined or drawn when a page is
read.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain import geojson, outlines
from ckanext.challenge.domain.geojson import ContourError, Judged
from ckanext.challenge.domain.outlines import Frame, Topology
from ckanext.challenge.model import Contour, ContourMap
from ckanext.challenge.model.contour import SIDES

from .departements import departement_of

#: Bytes of a file: more needs more memory than a server should spend on it.
LARGEST = 150 * 1024 * 1024
#: Metres by which a stored outline may differ from the one of the file.
TOLERANCE = 100.0
#: Pixels of the longer side of a map.
LONGEST = 1000
#: Shapes of a map: the communes of a country are too many for one picture.
MOST_SHAPES = 6000
_CHUNK = 500
_TABLES: tuple[sa.Table, ...] = (Contour.__table__, ContourMap.__table__)


@dataclass(frozen=True)
class Made:
    """What a file gives.

    :ivar judged: which codes are of what
    :ivar contours: rows of ``challenge_contour``
    :ivar maps: rows of ``challenge_map``
    :ivar without: names of communes of the départements of the file that have no
        outline in it, sorted
    :ivar doubled: codes that the file has more than once
    """

    judged: Judged
    contours: Sequence[Mapping[str, Any]]
    maps: Sequence[Mapping[str, Any]]
    without: tuple[str, ...]
    doubled: tuple[str, ...]

    def number(self, level: str) -> int:
        """How many outlines of a level there are."""
        return sum(row["level"] == level for row in self.contours)


def read(path: Path, progress: Callable[[int], None] | None = None) -> Made:
    """Read a file of communes, and make all that is stored of it; stores nothing.

    :param progress: called with the number of bytes just read
    :raises ContourError: when it cannot be used
    """
    areas, doubled = _areas(path, progress)
    communes = _communes()
    judged = geojson.judge(
        areas,
        {row.insee_code: row.code for row in communes if row.insee_code},
        _former_codes(),
    )
    by_key = {row.code: row for row in communes}
    groups = _groups(judged.pieces, by_key, _placed(judged, areas))
    used = {code for _, _, pieces in groups for code in pieces}
    topology = Topology({code: areas[code] for code in sorted(used)})
    return Made(
        judged,
        [_contour(topology, *group) for group in groups],
        _maps(topology, groups, by_key),
        _without(judged.pieces, by_key),
        doubled,
    )


def store(made: Made) -> bool:
    """Put what a file gives in the place of what was there, all of it or nothing.

    :returns: whether anything changed
    """
    session = model.Session
    try:
        connection = session.connection()
        names = ", ".join(table.name for table in _TABLES)
        connection.execute(sa.text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))
        changed = False
        for table, rows in zip(_TABLES, (made.contours, made.maps), strict=True):
            changed = _replace(connection, table, rows) or changed
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return changed


def _replace(
    connection: Any, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> bool:
    keys = [column.name for column in table.primary_key]
    stored = {
        tuple(row[key] for key in keys): _digest(row)
        for row in connection.execute(sa.select(table)).mappings()
    }
    new = {tuple(row[key] for key in keys): row for row in rows}
    gone = stored.keys() - new.keys()
    fresh = [row for key, row in new.items() if stored.get(key) != _digest(row)]
    where = sa.and_(*(table.c[key] == sa.bindparam(f"old_{key}") for key in keys))
    old = [
        {f"old_{key}": part for key, part in zip(keys, parts, strict=True)}
        for parts in {*gone, *(tuple(row[key] for key in keys) for row in fresh)}
        if parts in stored
    ]
    for chunk in _chunks(old):
        connection.execute(table.delete().where(where), chunk)
    for chunk in _chunks(fresh):
        connection.execute(table.insert(), chunk)
    return bool(gone or fresh)


def _chunks(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))


def _digest(row: Mapping[Any, Any]) -> str:
    text = json.dumps(dict(row), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _areas(
    path: Path, progress: Callable[[int], None] | None
) -> tuple[dict[str, list[Any]], tuple[str, ...]]:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise ContourError(
                f"the file has {size // 2**20} MB, and {LARGEST // 2**20} MB are the"
                " most: take the outlines of your region, or simplified ones"
                " (100 metres are fine enough)"
            )
        areas: dict[str, list[Any]] = {}
        doubled = set()
        passed = 0
        with path.open("rb") as file:
            for feature in geojson.read(io.TextIOWrapper(file, "utf-8-sig")):
                if feature.code in areas:
                    doubled.add(feature.code)
                drawn = areas.setdefault(feature.code, [])
                # Drawn twice over, it would be twice in the outline.
                drawn += [one for one in feature.polygons if one not in drawn]
                if progress:
                    progress(file.tell() - passed)
                    passed = file.tell()
    except FileNotFoundError:
        raise ContourError("there is no such file") from None
    except UnicodeDecodeError as error:
        raise ContourError("the text is not UTF-8", f"byte {error.start + 1}") from None
    except OSError as error:
        raise ContourError(error.strerror or str(error)) from None
    return areas, tuple(sorted(doubled))


def _communes() -> list[Any]:
    """The communes of the directory that nothing replaced."""
    rows = model.Session.execute(
        sa.text(
            """
            SELECT c.code, c.insee_code, c.name, c.departement, c.epci_siren
            FROM challenge_collectivite c
            WHERE c.kind = 'commune' AND NOT EXISTS (
                SELECT 1 FROM challenge_former_address f
                WHERE f.kind = 'collectivite' AND f.name = c.siren)
            """
        )
    )
    return list(rows)


def _former_codes() -> dict[str, str]:
    """By an INSEE code that a commune had, the key of what it is a part of today."""
    rows = model.Session.execute(
        sa.text(
            """
            WITH RECURSIVE line (insee_code, siren) AS (
                SELECT insee_code, siren FROM challenge_former_code
                UNION
                SELECT insee_code, siren FROM challenge_collectivite
                WHERE insee_code IS NOT NULL AND siren IS NOT NULL
                UNION
                SELECT line.insee_code, f.object_id FROM line
                JOIN challenge_former_address f
                  ON f.kind = 'collectivite' AND f.name = line.siren
            )
            SELECT line.insee_code, c.code FROM line
            JOIN challenge_collectivite c
              ON c.siren = line.siren AND c.kind = 'commune'
            WHERE NOT EXISTS (
                SELECT 1 FROM challenge_former_address f
                WHERE f.kind = 'collectivite' AND f.name = line.siren)
            """
        )
    )
    return {row.insee_code: row.code for row in rows}


def _placed(judged: Judged, areas: Mapping[str, Any]) -> dict[str, list[str]]:
    """By département, what is known to lie in it and of which commune is not known."""
    placed: dict[str, list[str]] = defaultdict(list)
    for code in judged.unknown:
        if areas[code]:
            placed[departement_of(code)].append(code)
    return placed


#: A level, the code of one of it, and the codes of the file that are its pieces.
Group = tuple[str, str, tuple[str, ...]]


def _groups(
    pieces: Mapping[str, tuple[str, ...]],
    by_key: Mapping[str, Any],
    placed: Mapping[str, Sequence[str]],
) -> list[Group]:
    """Communes, then EPCI, then départements, each sorted by code.

    :param placed: by département, more codes of the file that lie in it
    """
    joined: dict[str, dict[str, list[str]]] = {
        "epci": defaultdict(list),
        "departement": defaultdict(list),
    }
    for key, codes in pieces.items():
        row = by_key[key]
        if row.epci_siren:
            joined["epci"][row.epci_siren].extend(codes)
        if row.departement:
            joined["departement"][row.departement].extend(codes)
    for departement, codes in joined["departement"].items():
        # A commune that is not known leaves no hole in its département.
        codes.extend(placed.get(departement, ()))
    found: list[Group] = [("commune", key, pieces[key]) for key in sorted(pieces)]
    for level, groups in joined.items():
        found += [(level, code, tuple(sorted(groups[code]))) for code in sorted(groups)]
    return found


def _contour(
    topology: Topology, level: str, code: str, pieces: tuple[str, ...]
) -> dict[str, Any]:
    lines = topology.joined(pieces)
    if not lines:
        raise ContourError("its holes leave nothing of the outline", code)
    box = outlines.box(topology.points(line, 0) for line in lines)
    return {
        "level": level,
        "code": code,
        "geometry": outlines.geometry(topology.visible(lines, TOLERANCE)),
        **{side: getattr(box, side) for side in SIDES},
    }


def _maps(
    topology: Topology, groups: Sequence[Group], by_key: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One map of each level, and one of communes and of EPCI for each département."""
    home = _departements(by_key)
    # Of an EPCI whose seat is in the next region there are some communes at most.
    here = {code for level, code, _ in groups if level == "departement"}
    whole: dict[str, list[Group]] = defaultdict(list)
    parts: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for group in groups:
        level, code, _ = group
        departement = code if level == "departement" else home.get(code)
        whole[level].append(group)
        if departement in here and level != "departement":
            parts[level, departement].append(group)
    made = []
    for level, shown in whole.items():
        near = [
            group
            for group in shown
            if not _overseas(group[1] if level == "departement" else home.get(group[1]))
        ]
        # What lies overseas would leave the others no room: it has maps of its own.
        kept = near or shown
        if len(kept) <= MOST_SHAPES:
            made.append(_map(topology, level, "", kept))
    made += [_map(topology, *key, shown) for key, shown in sorted(parts.items())]
    return made


def _departements(by_key: Mapping[str, Any]) -> dict[str, str]:
    home = {key: row.departement for key, row in by_key.items() if row.departement}
    rows = model.Session.execute(
        sa.text(
            "SELECT code, departement FROM challenge_collectivite"
            " WHERE kind <> 'commune' AND departement IS NOT NULL"
        )
    )
    return {**home, **{row.code: row.departement for row in rows}}


def _overseas(departement: str | None) -> bool:
    return (departement or "")[:2] in ("97", "98")


def _map(
    topology: Topology, level: str, departement: str, groups: Sequence[Group]
) -> dict[str, Any]:
    lines = {code: topology.joined(pieces) for _, code, pieces in groups}
    box = outlines.box(
        topology.points(line, 0) for rings in lines.values() for line in rings
    )
    frame = Frame(box, LONGEST)
    if frame.height > LONGEST:
        frame = Frame(box, max(1, LONGEST * LONGEST // frame.height))
    shapes = [
        [code, frame.path(topology.visible(rings, frame.metres))]
        for code, rings in lines.items()
    ]
    digest = hashlib.sha256(json.dumps(shapes).encode()).hexdigest()
    return {
        "level": level,
        "departement": departement,
        "version": digest[:16],
        "width": frame.width,
        "height": frame.height,
        "shapes": shapes,
    }


def _without(
    pieces: Mapping[str, tuple[str, ...]], by_key: Mapping[str, Any]
) -> tuple[str, ...]:
    here = {by_key[key].departement for key in pieces}
    return tuple(
        sorted(
            row.name
            for key, row in by_key.items()
            if key not in pieces and row.departement in here
        )
    )

"""Reading lists of collectivités: our own CSV, and the national JSON files.

The national files are ``communes.json`` and ``epci.json`` of the npm package
``@etalab/decoupage-administratif`` (data under Licence Ouverte 2.0), made from
INSEE's Code officiel géographique and the DGCL's list of EPCI.

Nothing here knows CKAN or the database. Whatever is wrong with a file is a
:class:`DirectoryFileError` that names the file, the place in it and what was
expected there.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren as siren_number

from ckanext.challenge.domain.eligibility import KINDS

from .departements import departement_of, departements

KIND_OF_TYPE = {
    "CC": "cc",
    "CA": "ca",
    "CU": "cu",
    "METRO": "metropole",
    "MET69": "metropole",
}
"""Type of an EPCI in the national list → our kind (anything else is ``autre``)."""
OVERSEAS_ZONE = "com"
"""Overseas collectivités: the list gives most of their communes no SIREN."""
VINTAGES = range(1980, 2100)
_INSEE_CODE = re.compile(r"(?:\d{2}|2[AB])\d{3}")
_POSTCODE = re.compile(r"\d{5}")
_DEPARTEMENT = re.compile(r"\d{2}|2[AB]|9[78]\d")
_REGION = re.compile(r"\d{2,3}")
_MAX_NAME = 200
_FIRST_VERSIONED_YEAR = 2020  # version 1 of the npm package is the list of 2021


@dataclass(frozen=True)
class Collectivite:
    """A commune or an EPCI, as the official list has it."""

    siren: str | None
    """None only for communes overseas for which the national list gives none."""
    insee_code: str | None
    """Of a commune; an EPCI has none."""
    name: str
    kind: str
    departement: str
    """Of an EPCI over several départements: where most of its inhabitants live."""
    region: str
    population: int | None
    epci_siren: str | None
    """EPCI that a commune belongs to."""
    postcodes: tuple[str, ...]
    vintage: int
    """Year of the list."""
    former_codes: tuple[str, ...] = ()
    """INSEE codes of the communes that became part of this one."""


COLUMNS = tuple(field.name for field in fields(Collectivite))
_HEADERS = (COLUMNS, COLUMNS[:-1])
"""Earlier files lack the last column."""


@dataclass(frozen=True)
class Listing:
    """What a set of files says."""

    rows: tuple[Collectivite, ...]
    knows_epci: bool
    """Whether a commune without ``epci_siren`` is known to belong to none; false
    where only ``communes.json`` was read, which does not say."""
    memberships: Mapping[str, str]
    """SIREN of the commune → SIREN of its EPCI, where ``epci.json`` was read
    (without ``communes.json``, its communes are not among the rows)."""

    @property
    def former_codes(self) -> dict[str, str]:
        """INSEE code of a commune that became part of another one → SIREN of that."""
        return {
            code: row.siren
            for row in self.rows
            if row.siren
            for code in row.former_codes
        }


class DirectoryFileError(Exception):
    """A file that cannot be used: which one, where in it, and what was expected."""

    def __init__(self, file: Path, problem: str, where: str | None = None) -> None:
        self.file, self.problem, self.where = file, problem, where
        super().__init__(": ".join(filter(None, (str(file), where, problem))))


def shipped_file() -> Path:
    """The list that comes with the package: region 24, Centre-Val de Loire."""
    return Path(__file__).with_name("centre-val-de-loire.csv")


def read(paths: Sequence[Path], vintage: int | None = None) -> Listing:
    """Read one listing from one or several files.

    :param paths: CSV files as this package ships, or the national JSON files, in
        any order
    :param vintage: year of the list. By default the ``vintage`` column of a CSV file;
        for JSON the year told by the ``package.json`` of the npm package beside it,
        else the current year.
    :raises DirectoryFileError: for the first thing that is wrong
    """
    communes: list[_Placed] = []
    epci: list[_Placed] = []
    memberships: dict[str, str] = {}
    knows_epci = True
    for path in paths:
        text = _text(path)
        if path.suffix.lower() == ".csv":
            communes.extend(_csv_rows(path, text, vintage))
            continue
        rows = _json_array(path, text)
        year = vintage or _package_year(path) or date.today().year  # noqa: DTZ011
        if "membres" in rows[0]:
            for row in _epci_rows(path, rows, year, memberships):
                epci.append(row)
        else:
            communes.extend(_commune_rows(path, rows, year))
            knows_epci = False
    knows_epci = knows_epci or bool(epci)
    placed = [*epci, *communes]
    _refuse_duplicates(placed)
    return Listing(
        rows=tuple(
            replace(row, epci_siren=memberships[row.siren])
            if row.siren in memberships
            else row
            for row in (each.row for each in placed)
        ),
        knows_epci=knows_epci,
        memberships=memberships,
    )


@dataclass(frozen=True)
class _Placed:
    """A row and where it was read, for messages."""

    row: Collectivite
    file: Path
    where: str


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DirectoryFileError(path, "there is no such file") from None
    except UnicodeDecodeError as error:
        raise DirectoryFileError(
            path, "the text is not UTF-8", f"byte {error.start + 1}"
        ) from None
    except OSError as error:
        raise DirectoryFileError(path, error.strerror or str(error)) from None


def _refuse_duplicates(placed: Iterable[_Placed]) -> None:
    seen: dict[str, _Placed] = {}
    for each in placed:
        key = each.row.siren or each.row.insee_code or ""
        if first := seen.get(key):
            raise DirectoryFileError(
                each.file,
                f"« {key} » is already in {first.file}, {first.where}",
                each.where,
            )
        seen[key] = each


# --- values -----------------------------------------------------------------


class _Place:
    """Where a value was read; turns a bad one into an error that says so."""

    def __init__(self, file: Path, where: str, field: str = "{}, column {}") -> None:
        self.file, self.where, self._field = file, where, field

    def fail(self, column: str, problem: str) -> NoReturn:
        raise DirectoryFileError(
            self.file, problem, self._field.format(self.where, column)
        )

    def siren(self, column: str, value: Any) -> str:
        value = value if isinstance(value, str) else str(value)
        try:
            if not re.fullmatch(r"[0-9]{9}", value):
                raise NumberError
            siren_number.validate(value)
        except NumberError:
            self.fail(
                column,
                f"« {value} » is not a SIREN number (9 digits, the last one being the "
                "key of the others)",
            )
        return value

    def matching(
        self, column: str, value: Any, pattern: re.Pattern[str], expected: str
    ) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.fail(column, f"« {value} » is not {expected}")
        return value

    def insee_code(self, column: str, value: Any) -> str:
        return self.matching(
            column, value, _INSEE_CODE, "an INSEE code, such as 45024 or 2A004"
        )

    def departement(self, column: str, value: Any) -> str:
        return self.matching(
            column, value, _DEPARTEMENT, "a département, such as 45, 2A or 971"
        )

    def region(self, column: str, value: Any) -> str:
        return self.matching(column, value, _REGION, "a region's code, such as 24")

    def name(self, column: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            self.fail(column, "a name is missing")
        # « CA de Blois ''Agglopolys'' » is how the list writes quotation marks.
        name = " ".join(value.replace("''", '"').split())
        if len(name) > _MAX_NAME or any(ord(c) < 32 for c in name):
            self.fail(column, f"a name of 1 to {_MAX_NAME} characters is expected")
        return name

    def whole(self, column: str, value: Any, expected: str) -> int:
        text = str(value)
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", text):
            self.fail(column, f"« {value} » is not {expected}")
        return int(text)

    def population(self, column: str, value: Any) -> int | None:
        if value is None or value == "":
            return None
        return self.whole(column, value, "a number of inhabitants")

    def postcodes(self, column: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self.fail(column, "a list of postcodes is expected")
        return tuple(
            self.matching(column, code, _POSTCODE, "a postcode of 5 digits")
            for code in value
        )


# --- our CSV ----------------------------------------------------------------


def _csv_rows(path: Path, text: str, vintage: int | None) -> Iterator[_Placed]:
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        header = next(reader, None)
        columns = tuple(header or ())
        if columns not in _HEADERS:
            raise DirectoryFileError(
                path, f"the columns {','.join(COLUMNS)} are expected", "line 1"
            )
        empty = True
        for values in reader:
            if not values:
                continue
            where = f"line {reader.line_num}"
            if len(values) != len(columns):
                raise DirectoryFileError(
                    path, f"{len(values)} values for {len(columns)} columns", where
                )
            row = _csv_row(_Place(path, where), dict(zip(columns, values, strict=True)))
            yield _Placed(replace(row, vintage=vintage or row.vintage), path, where)
            empty = False
        if empty:
            raise DirectoryFileError(path, "the file has no row", "line 2")
    except csv.Error as error:
        raise DirectoryFileError(path, str(error), f"line {reader.line_num}") from None


def _csv_row(place: _Place, row: dict[str, str]) -> Collectivite:
    kind = row["kind"]
    if kind not in KINDS:
        place.fail("kind", f"« {kind} » is not one of {', '.join(KINDS)}")
    commune = kind == "commune"
    year = place.whole("vintage", row["vintage"], "a year")
    if year not in VINTAGES:
        place.fail("vintage", f"« {year} » is not a year from 1980 to 2099")
    return Collectivite(
        # As in the national list, communes overseas may be without one.
        siren=None
        if commune and not row["siren"] and row["departement"][:2] in ("97", "98")
        else place.siren("siren", row["siren"]),
        insee_code=place.insee_code("insee_code", row["insee_code"])
        if commune
        else None,
        name=place.name("name", row["name"]),
        kind=kind,
        departement=place.departement("departement", row["departement"]),
        region=place.region("region", row["region"]),
        population=place.population("population", row["population"]),
        epci_siren=place.siren("epci_siren", row["epci_siren"])
        if commune and row["epci_siren"]
        else None,
        postcodes=place.postcodes("postcodes", row["postcodes"].split()),
        vintage=year,
        former_codes=tuple(
            place.insee_code("former_codes", code)
            for code in row.get("former_codes", "").split()
        ),
    )


# --- the national JSON files ------------------------------------------------


def _json_array(path: Path, text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        where = (
            f"line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else None
        )
        raise DirectoryFileError(
            path,
            "this is neither a CSV file (named .csv) nor valid JSON: "
            + getattr(error, "msg", str(error)),
            where,
        ) from None
    except RecursionError:
        raise DirectoryFileError(path, "the JSON is nested too deeply") from None
    if not isinstance(rows, list) or not rows:
        raise DirectoryFileError(path, "a list of communes or EPCI is expected", "$")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DirectoryFileError(path, "an object is expected", f"$[{index}]")
    return rows


def _package_year(path: Path) -> int | None:
    """Year of the list in an unpacked npm package: its version 6 is that of 2026."""
    try:
        package = json.loads((path.parent.parent / "package.json").read_text("utf-8"))
        if package["name"] == "@etalab/decoupage-administratif":
            return _FIRST_VERSIONED_YEAR + int(package["version"].split(".")[0])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _commune_rows(
    path: Path, rows: list[dict[str, Any]], vintage: int
) -> Iterator[_Placed]:
    empty = True
    for index, row in enumerate(rows):
        where = f"$[{index}]"
        place = _Place(path, where, "{}.{}")
        if "type" not in row or "code" not in row:
            raise DirectoryFileError(
                path, "a commune or an EPCI is expected, with its code and type", where
            )
        if row["type"] != "commune-actuelle":
            continue
        empty = False
        siren = row.get("siren")
        if siren is not None or row.get("zone") != OVERSEAS_ZONE:
            siren = place.siren("siren", siren)
        former = row.get("anciensCodes", [])
        if not isinstance(former, list):
            place.fail("anciensCodes", "a list of INSEE codes is expected")
        yield _Placed(
            Collectivite(
                siren=siren,
                insee_code=place.insee_code("code", row["code"]),
                name=place.name("nom", row.get("nom")),
                kind="commune",
                departement=place.departement("departement", row.get("departement")),
                region=place.region("region", row.get("region")),
                population=place.population("population", row.get("population")),
                epci_siren=None,
                postcodes=place.postcodes("codesPostaux", row.get("codesPostaux", [])),
                vintage=vintage,
                former_codes=tuple(
                    place.insee_code("anciensCodes", code) for code in former
                ),
            ),
            path,
            where,
        )
    if empty:
        raise DirectoryFileError(path, "no row has the type commune-actuelle", "$")


def _epci_rows(
    path: Path,
    rows: list[dict[str, Any]],
    vintage: int,
    memberships: dict[str, str],
) -> Iterator[_Placed]:
    """EPCI, whose members are added to ``memberships``."""
    for index, row in enumerate(rows):
        where = f"$[{index}]"
        place = _Place(path, where, "{}.{}")
        siren = place.siren("code", row.get("code"))
        members = row.get("membres")
        if not isinstance(members, list) or not members:
            place.fail("membres", "a list of member communes is expected")
        inhabitants: Counter[str] = Counter()
        for position, member in enumerate(members):
            of = _Place(path, f"{where}.membres[{position}]", "{}.{}")
            if not isinstance(member, dict):
                of.fail("code", "a commune is expected")
            commune = of.siren("siren", member.get("siren"))
            if memberships.setdefault(commune, siren) != siren:
                of.fail(
                    "siren",
                    f"« {commune} » is also a member of {memberships[commune]}",
                )
            code = of.insee_code("code", member.get("code"))
            population = of.population(
                "populationTotale", member.get("populationTotale")
            )
            inhabitants[departement_of(code)] += population or 0
        departement = inhabitants.most_common(1)[0][0]
        if departement not in departements():
            place.fail("membres", f"« {departement} » is not a known département")
        yield _Placed(
            Collectivite(
                siren=siren,
                insee_code=None,
                name=place.name("nom", row.get("nom")),
                kind=KIND_OF_TYPE.get(str(row.get("type")), "autre"),
                departement=departement,
                region=departements()[departement].region,
                population=place.population(
                    "populationTotale", row.get("populationTotale")
                ),
                epci_siren=None,
                postcodes=(),
                vintage=vintage,
            ),
            path,
            where,
        )

"""The rules of the national schemas that Table Schema has no words for.

Their names and parameters are those of the schemas' ``custom_checks``, and they judge
as Validata does, the State's own tool; but a cell in which frictionless has found
something already is not told a second time. The facts of a problem are in
:attr:`RuleError.facts`, so that a sentence can be made of them in any language.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from frictionless import Check, Error
from frictionless.errors import CellError
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren, siret

from ckanext.challenge.domain import characters, places
from ckanext.challenge.domain.boxes import Box
from ckanext.challenge.domain.letters import plain

if TYPE_CHECKING:
    from frictionless import Row

    from .publishers import Publisher
    from .registry import Schema

#: The first level of ACTES, the State's classification of official acts.
HEADINGS = (
    "Commande publique",
    "Urbanisme",
    "Domaine et patrimoine",
    "Fonction publique",
    "Institutions et vie politique",
    "Libertés publiques et pouvoirs de police",
    "Finances locales",
    "Domaines de compétences par thèmes",
    "Autres domaines de compétences",
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
#: What one row breaks: the column to be mended, a sentence in English, the facts.
_Finding = tuple[str, str, dict[str, Any]]


class RuleError(CellError):
    """A rule does not hold; of the header where ``row_number`` is 1.

    :ivar facts: what the rule asks for, in JSON: see the class of each rule
    """

    template = "Row {rowNumber}, {fieldName}: {note}"

    def __init__(self, facts: Mapping[str, Any], **location: Any) -> None:
        super().__init__(**location)
        self.facts = dict(facts)


class _Rule(Check):
    """Looks at some columns of each row.

    It is silent about a file that has not all of them, which is for others to say.
    """

    _Error: type[RuleError]

    def __init_subclass__(cls, *, error: type[RuleError] | None = None) -> None:
        super().__init_subclass__()
        if error is not None:
            cls.type = error.type
            cls.Errors = [error]
            cls._Error = error

    def __init__(self, *columns: str) -> None:
        super().__init__()
        self._columns = columns
        self._is_on = True

    def validate_start(self) -> Iterable[Error]:
        there = set(self.resource.schema.field_names)
        return self._start([name for name in self._columns if name in there])

    def _start(self, there: list[str]) -> Iterable[Error]:
        self._is_on = len(there) == len(self._columns)
        return ()

    def validate_row(self, row: Row) -> Iterable[Error]:
        # Not a generator, and what is rare is asked last: this runs for each rule on
        # each row.
        found = self._judge(row) if self._is_on else None
        if found is None or (row.errors and _is_told(row, self._columns)):
            return ()
        column, note, facts = found
        number = row.field_names.index(column) + 1
        error = self._Error(
            facts,
            note=note,
            cells=[str(cell) for cell in row.cells],
            row_number=row.row_number,
            cell=str(row.cells[number - 1] or ""),
            field_name=column,
            field_number=number,
        )
        return (error,)

    def _judge(self, row: Row) -> _Finding | None:
        raise NotImplementedError

    def _of_header(self, column: str, note: str, facts: dict[str, Any]) -> RuleError:
        return self._Error(
            facts,
            note=note,
            cells=[],
            row_number=1,
            cell="",
            field_name=column,
            field_number=0,
        )


def _is_told(row: Row, columns: Iterable[str]) -> bool:
    """Whether a problem of these cells, or of the whole row, is known already."""
    told = {getattr(error, "field_name", None) for error in row.errors}
    return None in told or not told.isdisjoint(columns)


class _NumberRule(_Rule):
    """A registration number; facts ``{reason: format | key}``."""

    _number: str
    _fault: Callable[[str], str | None]

    def __init__(self, column: str) -> None:
        super().__init__(column)

    def _judge(self, row: Row) -> _Finding | None:
        (column,) = self._columns
        value = row[column]
        reason = self._fault(str(value)) if value is not None else None
        if reason is None:
            return None
        return column, f"it is no {self._number}", {"reason": reason}


def _fault_of(validate: Callable[[str], str], number: str) -> str | None:
    try:
        validate(number)
    except InvalidChecksum:
        return "key"
    except NumberError:
        return "format"
    return None


# Most rows of a file hold the same number.
@lru_cache(maxsize=1024)
def _siren_fault(number: str) -> str | None:
    return _fault_of(siren.validate, number)


@lru_cache(maxsize=1024)
def _siret_fault(number: str) -> str | None:
    return _fault_of(siret.validate, number)


class SirenError(RuleError):
    type = "french-siren-value"
    title = "SIREN"


class SirenCheck(_NumberRule, error=SirenError):
    """A SIREN: nine digits of which the last is a key."""

    _number = "SIREN"
    _fault = staticmethod(_siren_fault)


class SiretError(RuleError):
    type = "french-siret-value"
    title = "SIRET"


class SiretCheck(_NumberRule, error=SiretError):
    """A SIRET: fourteen digits, two of them keys; La Poste has keys of its own."""

    _number = "SIRET"
    _fault = staticmethod(_siret_fault)


class OneOfError(RuleError):
    type = "one-of-required"
    title = "One of several"


class OneOfCheck(_Rule, error=OneOfError):
    """At least one of two cells is filled; facts ``{columns}``."""

    def __init__(self, column1: str, column2: str) -> None:
        super().__init__(column1, column2)

    def _start(self, there: list[str]) -> Iterable[Error]:
        self._there = there
        if not there:
            self._is_on = False
            yield self._of_header(*self._finding(self._columns[0]))

    def _judge(self, row: Row) -> _Finding | None:
        if any(row[name] is not None for name in self._there):
            return None
        return self._finding(self._there[0])

    def _finding(self, column: str) -> _Finding:
        names = " or ".join(self._columns)
        return column, f"{names} is required", {"columns": list(self._columns)}


class CohesiveError(RuleError):
    type = "cohesive-columns-value"
    title = "All or none"


class CohesiveCheck(_Rule, error=CohesiveError):
    """Cells are filled together; facts ``{columns, filled}``.

    The problem is told of the first cell that is empty: the one to be filled.
    """

    def __init__(self, column: str, othercolumns: Iterable[str]) -> None:
        super().__init__(column, *othercolumns)

    def _start(self, there: list[str]) -> Iterable[Error]:
        self._is_on = len(there) == len(self._columns)
        if there and not self._is_on:
            yield self._of_header(*self._finding(there))

    def _judge(self, row: Row) -> _Finding | None:
        first, *others = self._columns
        is_empty = row[first] is None
        for name in others:
            if (row[name] is None) is not is_empty:
                break
        else:
            return None
        return self._finding([name for name in self._columns if row[name] is not None])

    def _finding(self, filled: list[str]) -> _Finding:
        empty = next(name for name in self._columns if name not in filled)
        names = ", ".join(self._columns)
        facts = {"columns": list(self._columns), "filled": filled}
        return empty, f"{names} go together", facts


class CompareError(RuleError):
    type = "compare-columns-value"
    title = "Comparison"


class CompareCheck(_Rule, error=CompareError):
    """A cell compared with another; facts ``{op, column, value}`` of the other."""

    def __init__(self, column: str, op: str, column2: str) -> None:
        super().__init__(column, column2)
        self._op = op
        self._holds = _COMPARISONS[op]

    def _judge(self, row: Row) -> _Finding | None:
        column, other = self._columns
        value, limit = _known(row[column]), _known(row[other])
        if value is None or limit is None or self._holds(value, limit):
            return None
        facts = {"op": self._op, "column": other, "value": str(limit)}
        return column, f"it is not {self._op} {other}, which is {limit}", facts


class SumError(RuleError):
    type = "sum-columns-value"
    title = "Sum"


class SumCheck(_Rule, error=SumError):
    """A cell is the sum of others; facts ``{columns, sum}``."""

    def __init__(self, column: str, columns: Iterable[str]) -> None:
        super().__init__(column, *columns)

    def _judge(self, row: Row) -> _Finding | None:
        values = [_known(row[name]) for name in self._columns]
        # The first is the sum: all that is in the list makes it twice.
        if None in values or sum(values) == 2 * values[0]:
            return None
        column, *others = self._columns
        names, found = " + ".join(others), sum(values[1:])
        facts = {"columns": others, "sum": str(found)}
        return column, f"it is not {names}, which make {found}", facts


def _known(value: Any) -> Any:
    """A value that can be compared; none of a number that is none (NaN)."""
    return None if isinstance(value, Decimal) and value.is_nan() else value


class YearsError(RuleError):
    type = "year-interval-value"
    title = "Year or years"


class YearsCheck(_Rule, error=YearsError):
    """``2024/2025``, or a year alone where that is allowed.

    Facts ``{reason: format | order, alone: whether a year alone is allowed}``.
    """

    def __init__(self, column: str, **params: str) -> None:
        super().__init__(column)
        self._alone = params.get("allow-year-only") in ("yes", "true")

    def _judge(self, row: Row) -> _Finding | None:
        (column,) = self._columns
        value = row[column]
        reason = _years_fault(value, self._alone) if value is not None else None
        if reason is None:
            return None
        forms = "YYYY or YYYY/YYYY" if self._alone else "YYYY/YYYY"
        facts = {"reason": reason, "alone": self._alone}
        return column, f"it is not {forms}, the later year last", facts


@lru_cache(maxsize=1024)
def _years_fault(value: str, alone: bool) -> str | None:
    if alone and re.fullmatch("[0-9]{4}", value):
        return None
    years = re.fullmatch("([0-9]{4})/([0-9]{4})", value)
    if years is None:
        return "format"
    return None if years[1] < years[2] else "order"


class HeadingError(RuleError):
    type = "nomenclature-actes-value"
    title = "Classification of acts"


class HeadingCheck(_Rule, error=HeadingError):
    """``Finances locales/Fiscalité``: a heading of ACTES before the slash.

    Facts ``{reason: slash | space | heading, headings}``.
    """

    def __init__(self, column: str) -> None:
        super().__init__(column)

    def _judge(self, row: Row) -> _Finding | None:
        (column,) = self._columns
        value = row[column]
        reason = _heading_fault(value) if value is not None else None
        if reason is None:
            return None
        facts = {"reason": reason, "headings": list(HEADINGS)}
        return column, "it does not begin with a heading of ACTES and a slash", facts


@lru_cache(maxsize=1024)
def _heading_fault(value: str) -> str | None:
    heading, slash, _ = value.partition("/")
    if not slash:
        return "slash"
    if _loosely(heading.rstrip()) not in _PLAIN_HEADINGS:
        return "heading"
    return "space" if heading != heading.rstrip() or "/ " in value else None


def _loosely(text: str) -> str:
    """Without capitals and accents, which the classification leaves open."""
    return plain(text, as_written=True)


class HoursError(RuleError):
    type = "opening-hours-value"
    title = "Opening hours"


#: The words of OpenStreetMap's opening hours, and the signs between them.
_HOURS = re.compile(
    r"""(?:"[^"]*"|24/7|\d{1,2}:\d{2}\+?|\d+|
    (?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|
    week|easter|days?|dawn|dusk|sunrise|sunset|off|closed|open|unknown)\b|
    [\s,;:+/()\[\]-]|\|\|)+""",
    re.VERBOSE,
)


class HoursCheck(_Rule, error=HoursError):
    """Days and hours as OpenStreetMap writes them; facts ``{}``.

    No more than their words and signs is asked for, as files in use have them.
    """

    def __init__(self, column: str) -> None:
        super().__init__(column)

    def _judge(self, row: Row) -> _Finding | None:
        (column,) = self._columns
        value = row[column]
        if value is None or _HOURS.fullmatch(value):
            return None
        return column, "they are no opening hours of OpenStreetMap", {}


_PLAIN_HEADINGS = frozenset(map(_loosely, HEADINGS))
_CHECKS: Mapping[str, type[_Rule]] = {
    rule.type: rule
    for rule in (
        SirenCheck,
        SiretCheck,
        OneOfCheck,
        CohesiveCheck,
        CompareCheck,
        SumCheck,
        YearsCheck,
        HeadingCheck,
        HoursCheck,
    )
}
#: The names of all rules, which are the types of their problems.
NAMES = frozenset(_CHECKS)


class PublisherError(RuleError):
    type = "publisher-value"
    title = "Publisher"


class PublisherCheck(_Rule, error=PublisherError):
    """A number of the publisher; facts ``{reason: other | example, own}``.

    It is in no schema: whose file it is, is known to the portal alone.
    """

    def __init__(self, column: str, kind: str, publisher: Publisher) -> None:
        super().__init__(column)
        self._kind, self._publisher = kind, publisher

    def _judge(self, row: Row) -> _Finding | None:
        (column,) = self._columns
        value = row[column]
        reason = self._publisher.fault(self._kind, str(value)) if value else None
        if reason is None:
            return None
        facts = {"reason": reason, "own": self._publisher.numbers(self._kind)}
        return column, "it is not the publisher's own number", facts


class ElsewhereError(RuleError):
    type = "outside-commune"
    title = "Outside of the commune"


class ElsewhereCheck(_Rule, error=ElsewhereError):
    """Something lies in the commune that its row names; facts ``{insee}``.

    It is in no schema: where communes are, is known to the portal that loaded outlines.
    """

    def __init__(self, columns: Mapping[str, str], boxes: Mapping[str, Box]) -> None:
        super().__init__(*(columns[name] for name in _WITHIN))
        self._boxes = boxes

    def _judge(self, row: Row) -> _Finding | None:
        code, longitude, latitude = (row[column] for column in self._columns)
        box = self._boxes.get(str(code))
        if box is None or longitude is None or latitude is None:
            return None
        try:
            elsewhere = places.is_elsewhere(box, float(longitude), float(latitude))
        except ValueError:  # a text that is no number, which its pattern says
            return None
        if not elsewhere:
            return None
        return self._columns[1], f"it is not in the commune {code}", {"insee": code}


#: What the rule needs to know of a row.
_WITHIN = ("commune", "longitude", "latitude")


class AdviceError(RuleError):
    """What the schema allows, and nobody means; facts ``{}``.

    Of exchanged coordinates in two columns: ``{reason: columns}``.
    """


class NoAmountError(AdviceError):
    type = "no-amount"
    title = "No amount"


class BlankCellError(AdviceError):
    type = "blank-cell"
    title = "Blank cell"


class OddYearError(AdviceError):
    type = "odd-year"
    title = "Year of another age"


class SwappedError(AdviceError):
    type = "swapped-coordinates"
    title = "Exchanged coordinates"


class AddressKeyError(AdviceError):
    type = "address-key"
    title = "Key of another address"


class NotCertifiedError(AdviceError):
    type = "none-certified"
    title = "No certified address"


class AdviceCheck(Check):
    """Cells that conform, and of which something is wrong all the same.

    Programs write ``NaN`` where there is no amount; a cell of spaces is empty for
    whoever reads it; the year 23 is 2023; a position in the Indian Ocean has its two
    numbers exchanged. The key of an address is made of its other columns, and one that
    no commune vouches for replaces none in the national base.
    """

    type = "challenge-advice"
    Errors = [  # noqa: RUF012
        NoAmountError,
        BlankCellError,
        OddYearError,
        SwappedError,
        AddressKeyError,
        NotCertifiedError,
    ]

    def validate_start(self) -> Iterable[Error]:
        fields = self.resource.schema.fields
        judges: Mapping[str, Callable[[Any], tuple[type[AdviceError], str] | None]] = {
            "string": _advise_text,
            "number": _advise_number,
            "date": _advise_date,
            "year": _advise_year,
            "geopoint": _advise_point,
        }
        self._judges = [
            (field.name, judges[field.type]) for field in fields if field.type in judges
        ]
        names = {field.name for field in fields}
        self._has_key = names.issuperset(_OF_KEYS)
        self._certifies = _CERTIFIED in names
        self._rows = self._certified = 0
        # Addresses alone keep positions as texts.
        kind = "string" if self._certifies else "number"
        self._pair = _latitude_and_longitude(
            [field.name for field in fields if field.type == kind]
        )
        return ()

    def validate_row(self, row: Row) -> Iterable[Error]:
        found = [
            (name, advice)
            for name, judge in self._judges
            if (value := row[name]) is not None and (advice := judge(value))
        ]
        if self._pair:
            latitude, longitude = self._pair
            point = row[longitude], row[latitude]
            if None not in point and _advise_point(point):
                found.append((latitude, (SwappedError, "it is no latitude in France")))
        if self._has_key and not _is_key(*(row[name] for name in _OF_KEYS)):
            told = AddressKeyError, "it is not made of the code and the number"
            found.append((_OF_KEYS[0], told))
        if self._certifies:
            self._rows += 1
            self._certified += row[_CERTIFIED] is True
        return [self._error(row, name, *advice) for name, advice in found]

    def validate_end(self) -> Iterable[Error]:
        if not self._certifies or not self._rows or self._certified:
            return ()
        error = NotCertifiedError(
            {},
            note="no address is certified",
            cells=[],
            row_number=1,
            cell="",
            field_name=_CERTIFIED,
            field_number=0,
        )
        return (error,)

    def _error(self, row: Row, name: str, kind: type[AdviceError], note: str) -> Error:
        number = row.field_names.index(name) + 1
        is_half = kind is SwappedError and name in (self._pair or ())
        return kind(
            {"reason": "columns"} if is_half else {},
            note=note,
            cells=[str(cell) for cell in row.cells],
            row_number=row.row_number,
            cell=str(row.cells[number - 1]),
            field_name=name,
            field_number=number,
        )


#: The columns of an address of which its key is made, the key first.
_OF_KEYS = ("cle_interop", "commune_insee", "numero", "suffixe")
_CERTIFIED = "certification_commune"


def _is_key(
    key: str | None, insee: str | None, number: int | None, suffix: str | None
) -> bool:
    """Whether the key of an address is made of its other columns, as far as they are
    filled in.
    """
    parts = (key or "").split("_")
    if len(parts) < 3 or insee is None or number is None:
        return True
    is_suffix = not suffix or parts[3:4] == [suffix.strip().lower()]
    return parts[0] == insee and parts[2] == f"{number:05d}" and is_suffix


_Advice = tuple[type[AdviceError], str]
#: Nothing that a collectivité tells of was before, and no date of use is after.
_YEARS = range(1000, 2200)


def _advise_text(value: str) -> _Advice | None:
    return (BlankCellError, "it holds only spaces") if value.isspace() else None


def _advise_number(value: Any) -> _Advice | None:
    is_none = isinstance(value, Decimal) and not value.is_finite()
    return (NoAmountError, "it is no amount") if is_none else None


def _advise_date(value: date) -> _Advice | None:
    return _advise_year(value.year)


def _advise_year(value: int) -> _Advice | None:
    return None if value in _YEARS else (OddYearError, f"it is of the year {value}")


def _advise_point(value: tuple[Any, Any]) -> _Advice | None:
    try:
        longitude, latitude = map(float, value)
    except ValueError:  # a text that is no number, which its pattern says
        return None
    if not places.is_swapped(longitude, latitude):
        return None
    return SwappedError, "it has the latitude first"


def _latitude_and_longitude(names: Iterable[str]) -> tuple[str, str] | None:
    """The two columns that make a position, where there is one pair."""
    plain = [(name, characters.folded(name)) for name in names]

    def named(*words: str) -> Iterator[str]:
        return (n for n, p in plain if p.startswith(words) or p.endswith(words))

    found = [list(named("lat", "latitude")), list(named("lon", "long", "longitude"))]
    if [len(columns) for columns in found] != [1, 1]:
        return None
    return found[0][0], found[1][0]


def usable(rules: Any) -> Iterator[Mapping[str, Any]]:
    """Of the ``custom_checks`` that a document asks for, those that there are."""
    for rule in rules if isinstance(rules, list) else ():
        if not isinstance(rule, Mapping) or rule.get("name") not in NAMES:
            continue
        try:
            _CHECKS[rule["name"]](**rule["params"])
        except (TypeError, KeyError):
            continue
        yield {"name": rule["name"], "params": rule["params"]}


def of(schema: Schema, publisher: Publisher | None = None) -> list[Check]:
    """The rules of a schema, for one validation: they remember its columns.

    :param publisher: whose file it is; without it, that is not judged
    :raises KeyError: the schema names a rule that does not exist
    """
    rules: list[Check] = [
        _CHECKS[rule["name"]](**rule["params"]) for rule in schema.checks
    ]
    if publisher is not None:
        rules += [
            PublisherCheck(column, kind, publisher)
            for column, kind in schema.publisher.items()
        ]
        if schema.within and publisher.boxes:
            rules.append(ElsewhereCheck(schema.within, publisher.boxes))
    return [*rules, AdviceCheck()]

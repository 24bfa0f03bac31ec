"""Whether a cell is right in a field of a Table Schema, and how it could become so.

Each function reads one text and answers the text as the schema wants it, or ``None``
where it is no such thing. None guesses: a text with two readings is :class:`Unclear`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from stdnum.exceptions import ValidationError
from stdnum.fr import siret

from .letters import plain
from .matching import Field
from .places import is_in_france

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
#: What Excel makes of a number of more than eleven digits in a narrow column.
LOST_DIGITS = re.compile(r"\d[.,]\d+E\+?\d{2}", re.IGNORECASE)
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_SPACES = re.compile(r"[\s\u200b\u2060\ufeff]+")
#: Fields whose kind alone says how a cell is written.
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "siret": re.compile(r"\d{14}"),
    "siren": re.compile(r"\d{9}"),
    "insee": re.compile(r"(?:\d{2}|2[AB])\d{3}"),
    "postcode": re.compile(r"\d{5}"),
    "rna": re.compile(r"W\d{9}"),
}
_BOUNDS = {"latitude": 90, "longitude": 180}


class Unclear(ValueError):
    """A text with two readings.

    :ivar readings: by what decides between them, what the text would be
    """

    def __init__(self, readings: Mapping[str, str]) -> None:
        super().__init__(" or ".join(readings.values()))
        self.readings = dict(readings)


# -- what is right


def is_free(field: Field) -> bool:
    """Whether any text is right."""
    shapes = {"enum", "pattern", "minLength"} & field.constraints.keys()
    return (
        field.type in ("string", "any")
        and field.format == "default"
        and not shapes
        and field.kind not in _SHAPES
    )


def is_right(text: str, field: Field) -> bool:
    """Whether a cell that is not empty is what the field asks for."""
    return is_of_type(text, field) and _holds(text, field)


def is_of_type(text: str, field: Field) -> bool:
    """Whether a cell is of the field's type, whatever its constraints."""
    check = _TYPES.get(field.type)
    if check is not None:
        return check(text, field)
    if field.format == "email":
        return bool(_EMAIL.fullmatch(text))
    if field.format == "uri":
        return bool(_URI.fullmatch(text))
    if field.format == "uuid":
        return bool(_UUID.fullmatch(text))
    shape = _SHAPES.get(field.kind or "")
    return shape is None or bool(shape.fullmatch(text))


def _is_date(text: str, field: Field) -> bool:
    if field.format in ("default", "any", "%Y-%m-%d") and not _DATE.fullmatch(text):
        return False
    pattern = field.format if field.format.startswith("%") else "%Y-%m-%d"
    try:
        dt.datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        return False
    return True


def _is_point(text: str, field: Field) -> bool:
    if field.format != "array":
        return True
    try:
        longitude, latitude = json.loads(text)
        return abs(float(longitude)) <= 180 and abs(float(latitude)) <= 90
    except (ValueError, TypeError, RecursionError):
        return False


def _is_moment(text: str, field: Field) -> bool:
    try:
        if field.format.startswith("%"):
            dt.datetime.strptime(text, field.format)  # noqa: DTZ007
        else:
            # Python before 3.11 knows no Z.
            dt.datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    except ValueError:
        return False
    return field.format != "default" or "T" in text


def _is_list(text: str, field: Field) -> bool:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return False
    allowed = field.item.get("enum")
    return isinstance(values, list) and (
        allowed is None or all(value in allowed for value in values)
    )


_TYPES: Mapping[str, Callable[[str, Field], bool]] = {
    "number": lambda text, field: bool(_NUMBER.fullmatch(text)),
    "integer": lambda text, field: bool(_INTEGER.fullmatch(text)),
    "year": lambda text, field: bool(re.fullmatch(r"\d{4}", text)),
    "date": _is_date,
    "boolean": lambda text, field: text in field.true_values + field.false_values,
    "geopoint": _is_point,
    "datetime": _is_moment,
    "array": _is_list,
}


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(f"^{pattern}$")


def _holds(text: str, field: Field) -> bool:
    rules = field.constraints
    if "enum" in rules and not _is_among(text, rules["enum"], field):
        return False
    if "pattern" in rules and not _pattern(rules["pattern"]).match(text):
        return False
    if len(text) > rules.get("maxLength", len(text)):
        return False
    if len(text) < rules.get("minLength", 0):
        return False
    if "minimum" not in rules and "maximum" not in rules:
        return True
    return field.type not in ("number", "integer", "year") or in_bounds(text, field)


def _is_among(text: str, allowed: Iterable[Any], field: Field) -> bool:
    """Whether a cell is one of the values; of numbers, however it is written."""
    values = [str(value) for value in allowed]
    if field.type != "number":
        return text in values
    try:
        return Decimal(text) in map(Decimal, values)
    except InvalidOperation:
        return False


def in_bounds(text: str, field: Field) -> bool:
    """Whether a number lies where the field, or what it is, allows."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    most = _BOUNDS.get(field.kind or "")
    if most is not None and abs(value) > most:
        return False
    least, greatest = (field.constraints.get(name) for name in ("minimum", "maximum"))
    return (least is None or value >= Decimal(str(least))) and (
        greatest is None or value <= Decimal(str(greatest))
    )


# -- spaces and accents


def trimmed(text: str) -> str:
    """Without what cannot be seen at both ends."""
    return text.strip().strip(_INVISIBLE).strip()


def plainly_spaced(text: str) -> str:
    """With one ordinary space wherever there is any: of what is no free text."""
    for invisible in _INVISIBLE:
        text = text.replace(invisible, "")
    return " ".join(text.split())


def composed(text: str) -> str:
    """With each accent in its letter, and not beside it, as a Mac writes file names."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", text)


_TWICE = re.compile("[ÃÂ][\u0080-\u00bf\u0152-\u2122]|â€")


def unbroken(text: str) -> str | None:
    """The text of which UTF-8 was read as Windows-1252: ``numÃ©raire``."""
    if not _TWICE.search(text):
        return None
    try:
        return text.encode("windows-1252").decode("utf-8")
    except UnicodeError:
        return None


# -- days

_MONTHS = (
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)
_WEEKDAY = re.compile(
    r"^(?:(?:le|du)\s+)?(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lun|mar|mer|jeu|ven|sam|dim)\.?,?\s+)?(?:le\s+)?"
)
_TIME = re.compile(
    r"(?:[T\s]+|\s*,?\s*(?:a\s+)?)(?:[01]?\d|2[0-3])(?:\s*[:h]\s*[0-5]\d)"
    r"(?::[0-5]\d(?:\.\d+)?)?\s*(?:z|[+-]\d\d:?\d\d)?$",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})")
_TOGETHER = re.compile(r"((?:19|20)\d{2})([01]\d)([0-3]\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})\s?[-/. ]\s?(\d{1,2})\s?[-/. ]\s?(\d{4}|\d{2})")
_WITHIN = re.compile(rf"(?<!\d){_YEAR_LAST.pattern}(?!\d)")
_WRITTEN = re.compile(r"(\d{1,2})(?:er)?[\s\-./]+([a-z]{3,9})\.?[\s\-./]+(\d{4}|\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
#: Days of spreadsheets from 1950 to 2099.
_FIRST_SERIAL, _LAST_SERIAL = 18_264, 73_050
_EPOCH = dt.date(1899, 12, 30)


def day(text: str, order: str | None = None) -> str | None:
    """The day that a text says, as ``2025-03-12``.

    :param order: of two numbers before a year, which is the day: ``day-first`` or
        ``month-first``
    :raises Unclear: without an order, where both could be the day
    """
    text = plain(plainly_spaced(text))
    text = _WEEKDAY.sub("", text)
    text = _TIME.sub("", text).strip().rstrip(".")
    for pattern in (_YEAR_FIRST, _TOGETHER):
        if found := pattern.fullmatch(text):
            return _iso(*found.groups())
    if found := _WRITTEN.fullmatch(text):
        number, name, year = found.groups()
        months = [index for index, one in enumerate(_MONTHS, 1) if one.startswith(name)]
        return (
            _iso(_century(year), str(months[0]), number) if len(months) == 1 else None
        )
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = found.groups()
        return _ordered(first, second, _century(year), order)
    if (found := _SERIAL.fullmatch(text)) and (
        _FIRST_SERIAL <= int(found[1]) <= _LAST_SERIAL
    ):
        return (_EPOCH + dt.timedelta(days=int(found[1]))).isoformat()
    return None


def _ordered(first: str, second: str, year: str, order: str | None) -> str | None:
    readings = {
        "day-first": _iso(year, second, first),
        "month-first": _iso(year, first, second),
    }
    possible = {name: one for name, one in readings.items() if one}
    if len(set(possible.values())) == 1:
        return next(iter(possible.values()))
    if not possible:
        return None
    if order is None:
        raise Unclear(possible)
    return possible.get(order)


def order_of(text: str) -> str | None:
    """Which order of day and month this text alone shows: one of both is above 12."""
    orders = set()
    for found in _WITHIN.finditer(plainly_spaced(text)):
        first, second, year = found.groups()
        day_first = _iso(_century(year), second, first)
        month_first = _iso(_century(year), first, second)
        if bool(day_first) is not bool(month_first):
            orders.add("day-first" if day_first else "month-first")
    return orders.pop() if len(orders) == 1 else None


def _iso(year: str, month: str, number: str) -> str | None:
    try:
        return dt.date(int(year), int(month), int(number)).isoformat()
    except ValueError:
        return None


def _century(year: str) -> str:
    """``25`` is 2025 and ``98`` 1998: no table of a town hall is of the far future."""
    if len(year) == 4:
        return year
    limit = (dt.datetime.now(dt.timezone.utc).year + 10) % 100
    return f"20{year}" if int(year) <= limit else f"19{year}"


_BETWEEN = re.compile(
    r"\s+au\s+|\s+a\s+|\s*[;–—]\s*|\s+-\s+|\s*/\s*(?=\d{4}-)|\s*->\s*"
)


def period(text: str, order: str | None = None) -> str | None:
    """A day, or two with a slash between them.

    :raises Unclear: as of :func:`day`
    """
    text = plain(plainly_spaced(text)).removeprefix("du ")
    days = []
    for part in _BETWEEN.split(text):
        days.append(day(part, order))
    if len(days) > 2 or None in days:
        return None
    return "/".join(str(one) for one in days)


# -- numbers

_UNITS = re.compile(r"^(?:€|eur)|(?:€|eur|euros?)?(?:ttc|ht)?$", re.IGNORECASE)
_GROUPED_BY_DOT = re.compile(r"-?\d{1,3}(?:\.\d{3})+,\d+|-?\d{1,3}(?:\.\d{3}){2,}")
_GROUPED_BY_COMMA = re.compile(r"-?\d{1,3}(?:,\d{3})+\.\d+|-?\d{1,3}(?:,\d{3}){2,}")
_COMMA = re.compile(r"(-?\d+),(\d+)")
_EITHER = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")


_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:\s+\d{3})+(?!\d)")
_TWO_NUMBERS = re.compile(r"\d\s+\d")


#: How a number is written with the signs of a keyboard.
_SIGNS = {
    **dict.fromkeys(map(ord, _INVISIBLE), None),
    **dict.fromkeys(map(ord, "’'"), " "),
    ord("\u2212"): "-",
}


@lru_cache(maxsize=64)
def _bare(text: str) -> str:
    """A number without its unit, and without the spaces around it or its thousands.

    Spaces between two numbers stay: ``12 15`` is no 1215.
    """
    text = text.translate(_SIGNS)
    text = _THOUSANDS.sub(lambda found: "".join(found[0].split()), text)
    if not _TWO_NUMBERS.search(text):
        text = "".join(text.split())
    return _UNITS.sub("", text)


def number(text: str, style: str | None = None) -> str | None:
    """The number that a text says, its digits kept: ``1 500,00 €`` → ``1500.00``.

    :param style: what a comma, or a dot, before three digits is: ``decimals`` or
        ``thousands``
    :raises Unclear: without a style, where it could be both
    """
    text = _bare(text)
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    text = text.removeprefix("+")
    if LOST_DIGITS.fullmatch(text):
        return None
    if _EITHER.fullmatch(text):
        readings = {
            "decimals": text.replace(",", "."),
            "thousands": text.replace(",", "").replace(".", ""),
        }
        if style is None:
            raise Unclear(readings)
        return readings[style]
    if _GROUPED_BY_DOT.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if _GROUPED_BY_COMMA.fullmatch(text):
        return text.replace(",", "")
    if _COMMA.fullmatch(text):
        return text.replace(",", ".")
    return text if _NUMBER.fullmatch(text) and "e" not in text.lower() else None


def separator_of(text: str) -> str | None:
    """The dot or comma before three digits that could be either; nothing elsewhere."""
    bare = _bare(text).strip("()").removeprefix("+")
    return bare[-4] if _EITHER.fullmatch(bare) else None


def style_of(text: str) -> str | None:
    """What the separators of this text alone show of a comma."""
    bare = _bare(text)
    if _GROUPED_BY_COMMA.fullmatch(bare):
        return "thousands"
    if _GROUPED_BY_DOT.fullmatch(bare):
        return "decimals"
    found = _COMMA.fullmatch(bare)
    if found and not _EITHER.fullmatch(bare):
        return "decimals"
    return None


def dot_style_of(text: str) -> str | None:
    """What the separators of this text alone show of a dot."""
    comma = style_of(text)
    if comma is not None:
        return "thousands" if comma == "decimals" else "decimals"
    bare = _bare(text)
    if "." in bare and _NUMBER.fullmatch(bare) and not _EITHER.fullmatch(bare):
        return "decimals"
    return None


def whole(text: str, style: str | None = None) -> str | None:
    """The whole number that a text says: ``12,00`` → ``12``.

    :raises Unclear: as of :func:`number`; a reading may be no whole number
    """
    try:
        found = number(text, style)
    except Unclear as two:
        readings = {key: _whole(one) or one for key, one in two.readings.items()}
        raise Unclear(readings) from None
    return None if found is None else _whole(found)


def _whole(text: str) -> str | None:
    digits, _, rest = text.partition(".")
    return digits if not rest.strip("0") else None


def share(text: str) -> str | None:
    """The part of one that a percentage says: ``45 %`` → ``0.45``."""
    bare = text.rstrip()
    if not bare.endswith("%"):
        return None
    found = number(bare[:-1], "decimals")
    return hundredth(found) if found is not None else None


def hundredth(text: str) -> str | None:
    """A number divided by a hundred, without zeros at its end."""
    try:
        found = Decimal(text) / 100
    except InvalidOperation:
        return None
    written = f"{found:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


# -- yes and no

_YES = frozenset(
    ("oui", "o", "yes", "y", "vrai", "true", "1", "x", "ok", "coche", "✓", "✔", "☑")
)
_NO = frozenset(("non", "n", "no", "faux", "false", "0", "☐"))


def truth(text: str, field: Field) -> str | None:
    """How the field writes the yes or no that a text says."""
    word = plain(text).strip(" .")
    if word in _YES:
        return field.true_values[0]
    return field.false_values[0] if word in _NO else None


# -- registration numbers


def registration(text: str, digits: int) -> str | None:
    """A SIREN or SIRET written with spaces, or as a number.

    A zero that a spreadsheet dropped comes back where the number's key says so.
    """
    bare = _digits(text)
    if bare is None:
        return None
    if len(bare) == digits:
        return bare
    if digits == 14 and len(bare) == 13 and _is_siret(f"0{bare}"):
        return f"0{bare}"
    return None


def _digits(text: str) -> str | None:
    bare = re.sub(r"[\s.\-\u200b]", "", re.sub(r"[.,]0+$", "", text.strip()))
    return bare if bare.isascii() and bare.isdigit() else None


def _is_siret(text: str) -> bool:
    try:
        siret.validate(text)
    except ValidationError:
        return False
    return True


def area(text: str) -> str | None:
    """A postcode or INSEE code with its zero, without spaces: ``1004`` → ``01004``."""
    bare = re.sub(r"[.,]0+$", "", text.strip())
    bare = _SPACES.sub("", bare).upper()
    if re.fullmatch(r"\d{4}", bare):
        return f"0{bare}"
    return bare if re.fullmatch(r"(?:\d{2}|2[AB])\d{3}", bare) else None


def association(text: str) -> str | None:
    """A number of the RNA: ``w 451 000 123`` → ``W451000123``."""
    bare = _SPACES.sub("", text).upper()
    return bare if re.fullmatch(r"W\d{9}", bare) else None


_PREFIXES = {
    "0262": "+262",
    "0263": "+262",
    "0692": "+262",
    "0693": "+262",
    "0269": "+262",
    "0639": "+262",
    "0590": "+590",
    "0690": "+590",
    "0691": "+590",
    "0594": "+594",
    "0694": "+594",
    "0596": "+596",
    "0696": "+596",
    "0697": "+596",
}


def phone(text: str) -> str | None:
    """A French telephone number with its country: ``+33238000000``."""
    bare = re.sub(r"[\s.\-/()\u200b]", "", text)
    if re.fullmatch(r"(?:\+|00)\d{2,3}0?\d{9}", bare):
        bare = re.sub(r"^00", "+", bare)
        return re.sub(r"^(\+33)0(\d{9})$", r"\1\2", bare)
    if re.fullmatch(r"[1-9]\d{8}", bare):
        bare = f"0{bare}"
    if re.fullmatch(r"0[1-9]\d{8}", bare):
        return _PREFIXES.get(bare[:4], "+33") + bare[1:]
    return None


# -- places

_COORDINATES = re.compile(
    r"(?:point)?\s*[\[({]?\s*([-+]?\d{1,3}(?:[.,]\d+)?)\s*[;,\s/]\s*"
    r"([-+]?\d{1,3}(?:[.,]\d+)?)\s*[\])}]?",
    re.IGNORECASE,
)


def point(text: str) -> str | None:
    """``[longitude,latitude]`` of a text that says both, in the one order that lies in
    France.
    """
    found = _COORDINATES.fullmatch(text.strip())
    if not found:
        return None
    first, second = (one.replace(",", ".") for one in found.groups())
    if is_in_france(float(second), float(first)):
        return f"[{second},{first}]"
    if is_in_france(float(first), float(second)):
        return f"[{first},{second}]"
    return None


# -- what is left: letters


def shaped(text: str, field: Field) -> str | None:
    """The text as the field's pattern wants it, if letters and spaces are all that is
    wrong.
    """
    if "pattern" not in field.constraints:
        return None
    # 12 15 is no number.
    is_number = field.type in ("number", "integer", "year")
    bare = text if is_number else _SPACES.sub("", text)
    candidates: Iterable[str] = (
        plainly_spaced(text),
        plainly_spaced(text).replace("’", "'"),
        text.upper(),
        text.lower(),
        _capitals(text),
        bare,
        bare.replace(",", "."),
        bare.upper(),
        re.sub(r"[.,]0+$", "", bare),
    )
    found = (one for one in candidates if one != text and is_right(one, field))
    return next(found, None)


def _capitals(text: str) -> str:
    """Each name with one capital: ``JEAN-marie`` → ``Jean-Marie``."""
    return re.sub(
        r"[^\W\d_]+", lambda found: found[0].capitalize(), plainly_spaced(text)
    )

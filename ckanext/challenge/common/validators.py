"""Validators that schemas name: ``challenge_*``.

Each raises ``Invalid`` with a sentence for the person who filled in the field, and
returns the value in its one stored form.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
from babel import numbers
from ckan import model
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren as siren_number

from ckanext.challenge.domain import amounts, european, own_fields
from ckanext.challenge.domain.characters import cleaned, first_forbidden
from ckanext.challenge.model import catalog

from . import labels

__all__ = [
    "challenge_cleaned",
    "challenge_departement",
    "challenge_encoding",
    "challenge_frequency",
    "challenge_insee",
    "challenge_insee_or_siren_list",
    "challenge_license",
    "challenge_not_before",
    "challenge_quantity",
    "challenge_short_text",
    "challenge_siren",
    "challenge_unchanged",
    "challenge_whole_number",
]

# Communes of France and its overseas, arrondissements included.
_INSEE = re.compile(r"(?:[013-9]\d|2[AB1-9])\d{3}")
_SEPARATORS = re.compile(r"[\s,;|]+")
#: More communes than any EPCI has members.
_MAX_TERRITORIES = 300
_MAX_QUANTITY = 100_000_000
_ENCODING_ALIASES = {
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "cp1252": "windows-1252",
    "latin1": "iso-8859-1",
    "latin-1": "iso-8859-1",
    "utf16": "utf-16",
}


def text_of(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise tk.Invalid(tk._("This must be a text"))
    return str(value).strip()


def challenge_unchanged(key: Any, data: Any, errors: Any, context: Any) -> None:
    """Take a value that is as it is stored, whatever the validators before said.

    What was there before these forms, or comes from elsewhere, may be wrong and blocks
    no other change. Nothing new that is wrong is taken.
    """
    value, stored = data.get(key), _stored(key, data, context)
    if (
        errors[key]
        and isinstance(value, str)
        and isinstance(stored, str)
        # The validators before may have changed its case.
        and value.strip().casefold() == stored.strip().casefold()
    ):
        errors[key].clear()
        data[key] = stored


def _stored(key: Any, data: Any, context: Any) -> Any:
    """What the organization, dataset or resource that is changed has in a field."""
    holder = context.get("package") or context.get("group")
    if holder is None:
        return None
    field = key[-1]
    if key[0] != "resources":
        return (holder.extras or {}).get(field)
    id_ = data.get((*key[:-1], "id"))
    resource = model.Session.get(model.Resource, id_) if id_ else None
    if resource is None or resource.package_id != holder.id:
        return None
    return (resource.extras or {}).get(field)


def challenge_short_text(limit: int) -> Callable[[Any], str]:
    """One line of at most ``limit`` characters, without control characters."""
    limit = int(limit)

    def validator(value: Any) -> str:
        text = text_of(value)
        if len(text) > limit:
            raise tk.Invalid(
                tk._("This has {length} characters; the limit is {limit}").format(
                    length=len(text), limit=limit
                )
            )
        if (position := first_forbidden(text)) is not None:
            raise tk.Invalid(
                tk._(
                    "Character {position} is an invisible control character; type the "
                    "text again rather than pasting it"
                ).format(position=position)
            )
        if "\n" in text or "\t" in text:
            raise tk.Invalid(tk._("This must be one line of plain text"))
        return text

    return validator


def challenge_cleaned(value: Any) -> Any:
    """A text as it leaves: without the characters that may leave in no document.

    For ``output_validators`` of CKAN's own fields, which take any character and keep
    what was typed.
    """
    return cleaned(value) if isinstance(value, str) else value


def challenge_siren(value: Any) -> str:
    """A SIREN (nine digits, Luhn key), stored without spaces."""
    text = text_of(value)
    if not text:
        return ""
    try:
        return siren_number.validate(text)
    except NumberError:
        raise tk.Invalid(
            tk._(
                "“{value}” is not a SIREN: nine digits, the last of which is a key"
            ).format(value=text[:40])
        ) from None


def siren_of(value: Any) -> str:
    """A SIREN, also where the fourteen digits of a SIRET are given: its first nine."""
    text = text_of(value)
    digits = re.sub(r"\s", "", text)
    return challenge_siren(digits[:9] if re.fullmatch(r"\d{14}", digits) else text)


def challenge_insee(value: Any) -> str:
    """The INSEE code of a commune (code officiel géographique): five characters."""
    text = text_of(value).upper()
    if text and not _INSEE.fullmatch(text):
        raise tk.Invalid(
            tk._("“{value}” is not the INSEE code of a commune").format(value=text[:40])
        )
    return text


def challenge_insee_or_siren_list(value: Any) -> str:
    """INSEE codes of communes and SIREN of EPCI, separated by commas, each once."""
    codes: dict[str, None] = {}
    for part in _SEPARATORS.split(text_of(value).upper()):
        if not part:
            continue
        if not _INSEE.fullmatch(part) and not siren_number.is_valid(part):
            raise tk.Invalid(
                tk._(
                    "“{value}” is neither the INSEE code of a commune (five "
                    "characters) nor the SIREN of an EPCI (nine digits)"
                ).format(value=part[:40])
            )
        codes[part] = None
    if len(codes) > _MAX_TERRITORIES:
        raise tk.Invalid(
            tk._("{count} codes are too many; the limit is {limit}").format(
                count=len(codes), limit=_MAX_TERRITORIES
            )
        )
    return ",".join(codes)


def challenge_departement(value: Any) -> str:
    """The number of a département, such as ``45``, ``2A`` or ``974``."""
    text = text_of(value).upper()
    if text and not own_fields.clean("departement", text):
        raise tk.Invalid(
            tk._("“{value}” is not the number of a département").format(value=text[:40])
        )
    return text


def shown(number: int | Decimal) -> str:
    """A number in a message, as the reader writes numbers."""
    return numbers.format_decimal(number, locale=labels.locale())


def read_number(value: int | float | str | Decimal) -> Decimal:
    """What was given as a number: a typed text in French or in English.

    :raises ValueError: it is no number
    :raises tk.Invalid: it can be read in two ways, which are named
    """
    if not isinstance(value, str):
        # What a program sends has no separators: a point is one of decimals.
        text = str(value)
        if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
            raise ValueError(text)
        return Decimal(text)
    try:
        return amounts.read(value)
    except amounts.TwoReadings as error:
        first, second = (
            numbers.format_decimal(reading, locale=labels.locale())
            for reading in error.readings
        )
        raise tk.Invalid(
            tk._(
                "“{value}” can be read as {first} or as {second}: write it without a "
                "sign between the thousands"
            ).format(value=value.strip()[:40], first=first, second=second)
        ) from None


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise tk.Invalid(tk._("This must be a number"))
    try:
        number = read_number(value)
    except ValueError:
        raise tk.Invalid(tk._("This must be a number, zero or more")) from None
    if number < 0:
        raise tk.Invalid(tk._("This must be a number, zero or more"))
    if number > _MAX_QUANTITY:
        raise tk.Invalid(tk._("This number is too large"))
    return number


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def challenge_whole_number(value: Any) -> str:
    """A whole number of zero or more, stored as text; ``5 855`` is accepted."""
    if value in (None, ""):
        return ""
    number = _number(value)
    if number != number.to_integral_value():
        raise tk.Invalid(tk._("This must be a whole number"))
    return str(int(number))


def challenge_quantity(value: Any) -> str:
    """A number of zero or more, stored as text; ``48,5`` is accepted."""
    if value in (None, ""):
        return ""
    return _plain(_number(value))


def challenge_license(value: Any) -> str:
    """A licence id; other names of the Licence Ouverte 2.0 and the ODbL are mapped to
    what the portal's list calls them, or else to the ids of ``licenses.json``; all else
    is left to the portal's own list.
    """
    return catalog.own_licence(text_of(value))


def challenge_frequency(value: Any) -> str:
    """A code of the EU vocabulary of frequencies in lower case; the vocabulary's own
    addresses and upper case are accepted, and the usual words of other portals.
    """
    return european.frequency_code(text_of(value))


def challenge_encoding(value: Any) -> str:
    """The name of a character encoding, in lower case and in one spelling."""
    text = text_of(value).lower()
    if not text:
        return ""
    text = _ENCODING_ALIASES.get(text, text)
    try:
        "".encode(text)
    except (LookupError, ValueError):
        raise tk.Invalid(
            tk._("“{value}” is not an encoding known here").format(value=text[:40])
        ) from None
    return text


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, str) and value.strip():
        try:
            return tk.h.date_str_to_datetime(value.strip()).date()
        except (TypeError, ValueError):
            return None
    return None


def challenge_not_before(other: str) -> Callable[..., None]:
    """The date must not lie before the one in the field ``other``.

    An invalid or missing date is not judged here: the other field says so itself.
    """

    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        start = _day(data.get((*key[:-1], other)))
        end = _day(data.get(key))
        if start and end and end < start:
            errors[key].append(
                tk._("The end ({end}) lies before the start ({start})").format(
                    end=labels.as_day(end), start=labels.as_day(start)
                )
            )

    return validator

"""The kinds of field that actions take, as lists of CKAN validators.

Each says what is wrong in the reader's language; none drops a character in silence.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.logic.validators import email_pattern
from ckan.types import Schema

from ckanext.challenge.domain import contacts
from ckanext.challenge.domain.characters import first_forbidden
from ckanext.challenge.domain.plaintext import find_problem

from . import validators

Validator = Callable[..., Any]

#: The most rows that a list answers at once, and what it answers unasked.
MAX_LIMIT = 1000
DEFAULT_LIMIT = 100

LONGEST_EMAIL = 254
LONGEST_ADDRESS = 2000
_YEARS = range(2000, 2101)


def _either(required: bool) -> Validator:
    # CKAN's not_empty and ignore_empty take 0 for nothing.
    def either(key: Any, data: Any, errors: Any, context: Any) -> None:
        value = data.get(key)
        if value is tk.missing or value is None or value in ("", []):
            data.pop(key, None)
            if required:
                errors[key].append(tk._("Missing value"))
            raise tk.StopOnError

    return either


def _plain(value: Any, longest: int, multiline: bool) -> str:
    if not isinstance(value, str):
        raise tk.Invalid(tk._("This must be a text"))
    text = value.strip().replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        raise tk.Invalid(tk._("Missing value"))
    if len(text) > longest:
        raise tk.Invalid(too_long(text, longest))
    problem = find_problem(text, multiline=multiline)
    if problem is None:
        return text
    raise tk.Invalid(
        problem_text(problem.kind, position=problem.position, found=problem.found)
    )


def problem_text(kind: str, *, position: int, found: str) -> str:
    """What is said of a character that a plain text may not have.

    :param kind: of a :class:`ckanext.challenge.domain.plaintext.Problem`
    """
    texts = {
        "html": tk._(
            "Character {position}: HTML is not accepted here (“{found}”); write "
            "plain text"
        ),
        "control": tk._(
            "Character {position} is an invisible control character; type the text "
            "again rather than pasting it"
        ),
        "direction": tk._(
            "Character {position} changes the direction of writing or is written "
            "from right to left; it is not accepted here"
        ),
        "pictogram": tk._(
            "Character {position} is a pictogram (“{found}”); write it in words"
        ),
    }
    return texts[kind].format(position=position, found=found)


def default(value: Any) -> Validator:
    """What a field is taken for when nothing is given."""

    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        if data.get(key) in (None, "", tk.missing):
            data[key] = value

    return validator


def _stopping(check: Callable[[Any], Any]) -> Validator:
    # After a plain Invalid CKAN goes on to the next validator with the wrong value.
    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        try:
            data[key] = check(data[key])
        except tk.Invalid as error:
            errors[key].append(error.error)
            raise tk.StopOnError from error

    return validator


def word(longest: int = 200, required: bool = False) -> list[Validator]:
    """One line of plain text."""
    return [_either(required), _stopping(lambda value: _plain(value, longest, False))]


def paragraph(longest: int = 5000, required: bool = False) -> list[Validator]:
    """Several lines of plain text."""
    return [_either(required), _stopping(lambda value: _plain(value, longest, True))]


def reference_text(value: Any) -> str:
    """A text by which something is looked up, or refused: PostgreSQL takes no NUL in
    a query, and halves of characters go out in no encoding.
    """
    if not isinstance(value, str):
        raise tk.Invalid(tk._("This must be a text"))
    if len(value) > LONGEST_ADDRESS:
        raise tk.Invalid(too_long(value, LONGEST_ADDRESS))
    if (position := first_forbidden(value)) is not None:
        raise tk.Invalid(problem_text("control", position=position, found=""))
    return value


def raw(required: bool = True) -> list[Validator]:
    """A reference to something, to be looked up."""
    return [_either(required), _stopping(reference_text)]


def texts(most: int) -> Validator:
    """Several references: a list, or a text with commas between them; each once.

    :param most: how many at most
    """

    def are_texts(value: Any) -> list[str]:
        found = value
        if isinstance(value, str):
            found = value.split(",")
        if not isinstance(found, list):
            raise tk.Invalid(tk._("This must be a list of names"))
        if len(found) > most:
            raise tk.Invalid(
                tk._("At most {limit} at once; these are {number}").format(
                    limit=most, number=len(found)
                )
            )
        named = (reference_text(item).strip() for item in found)
        return list(dict.fromkeys(name for name in named if name))

    return _stopping(are_texts)


def too_long(text: str, limit: int) -> str:
    """What is said of a text that is longer than its field takes."""
    return tk._("This has {length} characters; the limit is {limit}").format(
        length=len(text), limit=limit
    )


def email(required: bool = False) -> list[Validator]:
    """An e-mail address: one that is whole, and that CKAN itself takes."""

    def is_address(value: str) -> str:
        # CKAN's own pattern takes a name without a point for a domain.
        if contacts.is_whole(value) and email_pattern.match(value):
            return value
        raise tk.Invalid(
            tk._("This address is not complete; for example: mairie@commune.fr")
        )

    return [*word(LONGEST_EMAIL, required), is_address]


def web_address(required: bool = False) -> list[Validator]:
    """An address that starts with http:// or https://."""

    def is_address(value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#]+\.[^\s]+", value):
            raise tk.Invalid(
                tk._("“{value}” is not an address that starts with https://").format(
                    value=value[:60]
                )
            )
        return value

    return [*word(LONGEST_ADDRESS, required), is_address]


def siren(required: bool = True, *, of_establishment: bool = False) -> list[Validator]:
    """A SIREN with a right key; spaces are allowed.

    :param of_establishment: whether a SIRET may be given, of which its SIREN is kept
    """
    check = validators.siren_of if of_establishment else validators.challenge_siren
    return [_either(required), check]


def whole(
    minimum: int = 0, maximum: int = 1_000_000, required: bool = False
) -> list[Validator]:
    """A whole number between two bounds, both included."""

    def is_whole(value: Any) -> int:
        number = value
        if isinstance(value, str):
            try:
                found = validators.read_number(value)
            except ValueError:
                raise tk.Invalid(tk._("This must be a whole number")) from None
            number = int(found) if found == found.to_integral_value() else value
        if isinstance(number, bool) or not isinstance(number, int):
            raise tk.Invalid(tk._("This must be a whole number"))
        if not minimum <= number <= maximum:
            raise tk.Invalid(
                tk._("This must be between {minimum} and {maximum}").format(
                    minimum=validators.shown(minimum), maximum=validators.shown(maximum)
                )
            )
        return number

    return [_either(required), is_whole]


def number(
    minimum: int | Decimal = 0,
    maximum: int = 1_000_000,
    decimals: int = 2,
    step: Decimal | None = None,
    required: bool = False,
) -> list[Validator]:
    """A number; ``48,5`` is read as 48.5. ``step``: what it is a multiple of."""

    def is_number(value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(
            value, int | float | str | Decimal
        ):
            raise tk.Invalid(tk._("This must be a number"))
        try:
            found = validators.read_number(value)
        except ValueError:
            raise tk.Invalid(tk._("This must be a number")) from None
        if not minimum <= found <= maximum:
            raise tk.Invalid(
                tk._("This must be between {minimum} and {maximum}").format(
                    minimum=validators.shown(minimum), maximum=validators.shown(maximum)
                )
            )
        if step is not None and found % step:
            raise tk.Invalid(
                tk._("This must be a multiple of {step}").format(
                    step=validators.shown(step)
                )
            )
        return found.quantize(Decimal(1).scaleb(-decimals))

    return [_either(required), is_number]


def day(required: bool = False) -> list[Validator]:
    """A date, written 2022-09-30."""

    def is_day(value: Any) -> dt.date:
        found = value
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
            try:
                found = dt.date.fromisoformat(value.strip())
            except ValueError:
                found = value
        if isinstance(found, dt.datetime) or not isinstance(found, dt.date):
            raise tk.Invalid(
                tk._(
                    "“{value}” is not a date; write it as in 2022-09-30 "
                    "(year, month, day)"
                ).format(value=str(value)[:40])
            )
        if found.year not in _YEARS:
            raise tk.Invalid(
                tk._("The year must be between {first} and {last}").format(
                    first=_YEARS[0], last=_YEARS[-1]
                )
            )
        return found

    return [_either(required), is_day]


def choice(allowed: Collection[str], required: bool = False) -> list[Validator]:
    """One of a few words."""

    def is_allowed(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise tk.Invalid(
                tk._("“{value}” is not one of: {allowed}").format(
                    value=str(value)[:40], allowed=", ".join(allowed)
                )
            )
        return value

    return [_either(required), is_allowed]


def choices(allowed: Collection[str], required: bool = False) -> list[Validator]:
    """Several of a few words: a list, or a text with commas between them."""

    def are_allowed(value: Any) -> list[str]:
        found = value
        if isinstance(value, str):
            found = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(found, list):
            raise tk.Invalid(tk._("This must be a list"))
        for item in found:
            if not isinstance(item, str) or item not in allowed:
                raise tk.Invalid(
                    tk._("“{value}” is not one of: {allowed}").format(
                        value=str(item)[:40], allowed=", ".join(allowed)
                    )
                )
        return list(dict.fromkeys(found))

    return [_either(required), are_allowed]


def _is_truth(value: Any) -> bool:
    if value in (True, "true", "True", "on", "1", "yes"):
        return True
    if value in (False, None, "", "false", "False", "off", "0", "no"):
        return False
    raise tk.Invalid(tk._("This must be true or false"))


def truth(required: bool = False) -> list[Validator]:
    """True or false; unless it is required, nothing given is false."""
    missing = _either(True) if required else tk.get_validator("ignore_missing")
    return [missing, _stopping(_is_truth)]


def yes_or_no() -> list[Validator]:
    """True or false, for a filter: an empty one lets both through."""
    return [_either(False), _stopping(_is_truth)]


def limit(most: int, unasked: int) -> list[Validator]:
    """How many rows a list answers."""
    return [default(unasked), *whole(0, most)]


def offset() -> list[Validator]:
    """How many rows a list passes over."""
    return [default(0), *whole(0, 10_000_000)]


def reference(name: str = "id") -> Schema:
    """A single reference to something: an id, or a name where it has one."""
    return {name: raw()}


def paging(most: int = MAX_LIMIT, unasked: int = DEFAULT_LIMIT) -> Schema:
    """How many rows of a list, from which on."""
    return {"limit": limit(most, unasked), "offset": offset()}

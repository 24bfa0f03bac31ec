"""The fields of datasets, files and organizations that count, whatever they are called.

A portal may have them under names of its own, written by forms that are not ours. So a
value counts as far as it looks like one, and what does not is read as nothing: it stops
neither a measure nor a page. :mod:`ckanext.challenge.model.catalog` reads them in SQL,
by the same patterns, and :mod:`ckanext.challenge.common.own_fields` in what CKAN's
actions take and answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import eligibility, european

Entity = Literal["dataset", "resource", "organization"]

#: The fields that a portal may have under another name, by what they are fields of.
FIELDS: Mapping[str, Entity] = {
    "siren": "organization",
    "kind": "organization",
    "insee_code": "organization",
    "departement": "organization",
    "population": "organization",
    "agents": "organization",
    "website": "organization",
    "challenge_kit": "dataset",
    "license_id": "dataset",
    "frequency": "dataset",
    "temporal_start": "dataset",
    "temporal_end": "dataset",
    "spatial_insee": "dataset",
    "published_for": "dataset",
    "contact_name": "dataset",
    "contact_email": "dataset",
    "theme": "dataset",
    "schema": "resource",
    "encoding": "resource",
}

#: Those that CKAN has a column for, where they have their own name.
COLUMNS = ("license_id",)


def split(name: str) -> tuple[str, str]:
    """The name of a field, and that of its part: ``contact.email`` is the e-mail
    address in a field ``contact`` that ckanext-scheming repeats.

    :returns: the part is empty where there is none
    """
    field, _, part = name.partition(".")
    return field, part


@dataclass(frozen=True)
class Shape:
    """What a value has to look like, for Python and for PostgreSQL.

    :ivar pattern: a regular expression that both read alike, with what counts in its
        first group; empty where anything counts
    :ivar without: characters that are left out before
    :ivar prefix: the beginning of an address of which the last part counts
    :ivar right: a pattern of values that count as they are: PostgreSQL takes three
        times as long to take a text apart as to see that it need not
    """

    pattern: str = ""
    case: Literal["lower", "upper", ""] = ""
    without: str = ""
    prefix: str = ""
    right: str = ""


_SPACES = " .\u00a0\u202f"

SHAPES: Mapping[str, Shape] = {
    # A SIRET is the SIREN and five digits more.
    "siren": Shape("^([0-9]{9})(?:[0-9]{5})?$", without=_SPACES, right="^[0-9]{9}$"),
    "kind": Shape(f"^({'|'.join(eligibility.KINDS)})$", "lower"),
    "insee_code": Shape("^([0-9][0-9AB][0-9]{3})$", "upper"),
    "departement": Shape(
        "^(0[1-9]|1[0-9]|2[1-9AB]|[3-8][0-9]|9[0-5]|97[1-8]|98[4-8])$", "upper"
    ),
    "population": Shape("^([0-9]{1,9})$", without=_SPACES),
    "frequency": Shape(case="lower", prefix=european.FREQUENCIES),
}


def clean(name: str, value: Any) -> str:
    """Return what counts of a value; empty for what does not look like one.

    :param name: the field, by our name
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    shape = SHAPES.get(name)
    if shape is None:
        return value
    text = value.replace(shape.prefix, "") if shape.prefix else value
    text = text.translate({ord(character): None for character in shape.without})
    if shape.case:
        text = text.lower() if shape.case == "lower" else text.upper()
    if not shape.pattern:
        return text
    # A dollar of Python's stands before a last line feed, too.
    found = re.fullmatch(shape.pattern.strip("^$"), text.strip(" "))
    return found[1] if found else ""


def meaning(name: str, value: Any) -> str:
    """What a value means, so that different words for the same are equal."""
    counts = clean(name, value)
    return european.frequency_code(counts) if name == "frequency" else counts


def part_pattern(part: str) -> str:
    """The pattern that finds a part in the JSON of a repeated field, as both read it.

    A text that is no JSON makes no error so.
    """
    return rf'"{part}"\s*:\s*"((?:[^"\\]|\\.)*)"'


def part_of(value: Any, part: str) -> str:
    """The first value of a part of a repeated field.

    :param value: as ckanext-scheming answers it, or as CKAN stores it
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    found = re.search(part_pattern(part), text)
    return found[1] if found else ""


def held(row: Mapping[str, Any], name: str) -> Any:
    """What a dataset, file or organization has in a field of the portal.

    :param row: as CKAN's actions answer it: the field of a form, or one of its extras
    :param name: the portal's name of the field
    """
    field, part = split(name)
    value = row.get(field)
    if value in (None, ""):
        extras = row.get("extras")
        pairs: Sequence[Any] = extras if isinstance(extras, list) else ()
        value = next(
            (
                pair.get("value")
                for pair in pairs
                if isinstance(pair, Mapping) and pair.get("key") == field
            ),
            None,
        )
    return part_of(value, part) if part and value else value

"""Finding collectivités by what people type: names, codes, postcodes, SIREN."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from ckanext.challenge.domain.letters import compact

from .text import fold, without_title

_ARTICLES = ("l", "la", "le", "les")
_CODE_LIKE = re.compile(r"\d{2,}|2[ab]\d*")


def matching(
    query: str, columns: Any
) -> tuple[list[sa.ColumnElement[bool]], list[sa.ColumnElement[int]]]:
    """Conditions that a row must meet, and the order of how well it does.

    :param query: words of a name, a code, a postcode or a SIREN, as people type them
    :param columns: of :class:`~ckanext.challenge.model.Collectivite`, or of a query
        that has ``search_key``, ``siren``, ``insee_code``, ``departement`` and
        ``postcodes``
    """
    number = compact(query)
    if re.fullmatch(r"\d{9}|\d{14}", number):
        return [columns.siren == number[:9]], []
    folded = without_title(fold(query))
    words = folded.split()
    if query.strip() and not words:
        return [sa.false()], []
    padded = sa.literal(" ").concat(columns.search_key)
    conditions = []
    for word in words:
        # Words are made of a-z and 0-9 only: nothing to escape in a pattern.
        in_name = padded.like(f"% {word}%")
        if _CODE_LIKE.fullmatch(word):
            conditions.append(sa.or_(in_name, *_code_matches(word.upper(), columns)))
        else:
            conditions.append(in_name)
    if not words:
        return conditions, []
    named = " ".join(w for w in words if not _CODE_LIKE.fullmatch(w)) or folded
    key = columns.search_key
    rank = sa.case(
        (columns.insee_code == folded.upper(), 0),
        (key.in_((folded, named)), 0),
        (key.in_([f"{article} {named}" for article in _ARTICLES]), 1),
        (key.like(f"{named} %"), 2),
        (key.like(f"{named}%"), 3),
        (padded.like(f"% {named}%"), 4),
        else_=5,
    )
    return conditions, [rank]


def _code_matches(code: str, columns: Any) -> list[sa.ColumnElement[bool]]:
    """INSEE codes, postcodes and (from six digits) SIRENs that begin like this."""
    postcodes = sa.literal(" ").concat(
        sa.func.array_to_string(columns.postcodes, " ", type_=sa.UnicodeText)
    )
    matches = [
        columns.insee_code.like(f"{code}%"),
        postcodes.like(f"% {code}%"),
        columns.departement == code,
    ]
    if len(code) >= 6:
        matches.append(columns.siren.like(f"{code}%"))
    return matches

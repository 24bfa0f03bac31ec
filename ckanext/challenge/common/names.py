"""Names in SQL, compared and sorted as :mod:`ckanext.challenge.domain.names` does."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckanext.challenge.domain import names
from ckanext.challenge.domain.letters import LIGATURES

_LETTERS = "".join(names.LETTERS), "".join(names.LETTERS.values())


def folded(column: Any) -> sa.ColumnElement[str]:
    """A name as it is compared."""
    text: Any = column
    for ligature, letters in LIGATURES.items():
        text = sa.func.replace(text, ligature, letters)
    return sa.func.translate(text, *_LETTERS)


def containing(column: Any, text: str) -> sa.ColumnElement[bool]:
    """Whether a name contains a text, whatever its accents, capitals and hyphens."""
    return folded(column).contains(names.folded(text), autoescape=True)


def in_order(column: Any) -> list[sa.ColumnElement[str]]:
    """What sorts by a name, whatever the collation of the database."""
    return [
        sa.collate(folded(column), "C"),
        sa.collate(sa.cast(column, sa.UnicodeText), "C"),
    ]

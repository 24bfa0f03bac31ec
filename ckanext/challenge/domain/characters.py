"""Characters that leave the portal in no document.

CKAN takes them in a title. XML cannot hold most of them, canonicalizations of RDF do
not agree on how the others are written, so that a signature over them is true for some
and false for others, and those that turn the direction of writing show another text
than the one that was signed.
"""

from __future__ import annotations

import re
from typing import Any

# C0 but tab and line feed, DEL, C1, embeddings and overrides of direction, isolates,
# halves of characters, and the two that are no characters in XML.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_RETURN = re.compile("\r\n?")


def cleaned(text: str) -> str:
    """Return a text without what may not leave; line ends become line feeds.

    >>> cleaned("Voirie\\x0b 2026")
    'Voirie 2026'
    """
    if _FORBIDDEN.search(text) is None:
        return text
    return _FORBIDDEN.sub("", _RETURN.sub("\n", text))


def cleaned_document(value: Any) -> Any:
    """Return a JSON value in which all texts, also names of members, are cleaned."""
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, dict):
        return {
            cleaned(str(name)): cleaned_document(part) for name, part in value.items()
        }
    if isinstance(value, list):
        return [cleaned_document(part) for part in value]
    return value


def first_forbidden(text: str) -> int | None:
    """Return which character, counted from 1, may not be there; none if all may."""
    found = _FORBIDDEN.search(text)
    return found.start() + 1 if found else None

"""Characters that leave the portal in no document, and those that nobody sees.

CKAN takes the former in a title. XML cannot hold most of them, canonicalizations of RDF
do not agree on how the others are written, so that a signature over them is true for
some and false for others, and those that turn the direction of writing show another
text than the one that was signed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from .text import N_

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


#: Characters that take room and no ink, other than the space; what each is called.
_INVISIBLE = {
    "\u00a0": N_("a no-break space"),
    "\u202f": N_("a narrow no-break space"),
    "\u2009": N_("a thin space"),
    "\u200b": N_("a space without width"),
    "\u200c": N_("a joiner without width"),
    "\u200d": N_("a joiner without width"),
    "\u2060": N_("a joiner without width"),
    "\ufeff": N_("a byte-order mark"),
    "\u00ad": N_("a hidden hyphen"),
    "\t": N_("a tab"),
    "\n": N_("a line break"),
    "\r": N_("a line break"),
}


def unseen(text: str) -> list[str]:
    """What of a text the eye does not see, as phrases to be translated.

    Two texts that look the same differ by this. Spaces between words are no such thing.

    >>> unseen("oui ")
    ['a space at its end']
    """
    found: list[str] = []
    if text and not text.strip():
        return [N_("nothing but spaces")]
    if text[:1] == " ":
        found.append(N_("a space at its beginning"))
    if text[-1:] == " ":
        found.append(N_("a space at its end"))
    if "  " in text.strip(" "):
        found.append(N_("two spaces in a row"))
    found += [phrase for letter, phrase in _INVISIBLE.items() if letter in text]
    if any(unicodedata.combining(letter) for letter in text):
        found.append(
            N_("accents apart from their letters, as a Mac writes them in names")
        )
    return list(dict.fromkeys(found))


def folded(label: str) -> str:
    """The letters and digits of a label, without accents and capitals.

    >>> folded("Nom_Bénéficiaire ")
    'nombeneficiaire'
    """
    letters = unicodedata.normalize("NFKD", label)
    return "".join(letter for letter in letters if letter.isalnum()).casefold()

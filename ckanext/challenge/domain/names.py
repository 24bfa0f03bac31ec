"""French names: compared without accents, sorted as a dictionary does.

A database sorts as its collation says, which on many servers puts É after Z; and
``unaccent`` is an extension that a CKAN database user may not create.
"""

from __future__ import annotations

from .letters import LIGATURES, plain

#: What stands between the words of a name: all of it counts as a space.
_BETWEEN = "-'’\u00a0\u202f\u2010\u2011"


def _base(letter: str) -> str:
    """The lower-case letter without what stands on it; itself if it is none."""
    if letter in LIGATURES:
        return letter
    base = plain(letter)[0]
    return base if base.isascii() and base.isalpha() else letter


_CAPITALS = {chr(code): chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}
_ACCENTED = {
    chr(code): _base(chr(code))
    for code in range(0xC0, 0x180)
    if _base(chr(code)) != chr(code)
}
#: What each letter and sign counts as, one for one.
LETTERS = {**_CAPITALS, **_ACCENTED, **dict.fromkeys(_BETWEEN, " ")}

_TABLE = str.maketrans({**LETTERS, **LIGATURES})


def folded(text: str) -> str:
    """Return a name as it is compared and sorted.

    >>> folded("L'Œuvre d'Écueillé")
    'l oeuvre d ecueille'
    """
    return text.translate(_TABLE)


def sort_key(text: str) -> tuple[str, str]:
    """Return what sorts a name among others: by its letters, then as it is written."""
    return folded(text), text

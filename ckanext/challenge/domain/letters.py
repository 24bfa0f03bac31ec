"""Letters without accents and capitals: the one way in which texts are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

#: Letters that are written as two.
LIGATURES: Mapping[str, str] = {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"}
_LIGATURES = str.maketrans(dict(LIGATURES))


def plain(text: str, *, as_written: bool = False) -> str:
    """Return a text in lower case, without what stands on its letters.

    >>> plain("Œuvre d'Écueillé")
    "oeuvre d'ecueille"

    :param as_written: leave ligatures, and signs that are others in another dress (a
        no-break space, ``²``), as they are
    """
    if text.isascii():
        return text.lower()
    form = "NFD" if as_written else "NFKD"
    letters = text if as_written else text.translate(_LIGATURES)
    decomposed = unicodedata.normalize(form, letters).lower()
    return "".join(one for one in decomposed if not unicodedata.combining(one))


_BETWEEN_DIGITS = re.compile(r"[\s.\u00a0\u202f-]")


def compact(number: str) -> str:
    """A number as registers have it: people group digits by spaces, points, hyphens.

    >>> compact("214 500-241")
    '214500241'
    """
    return _BETWEEN_DIGITS.sub("", number).upper()

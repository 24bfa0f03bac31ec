"""What a typed text may contain: letters, digits and punctuation, no markup.

Texts typed into the challenge end in pages, mails, names of organizations, file
names and CSV files. Markup, control characters, characters that turn the direction
of writing and pictograms have no place there; they are refused with the character
named, rather than dropped in silence.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

ProblemKind = Literal["html", "control", "direction", "pictogram"]

# The start of a tag, of a closing tag or of a comment; "a < b" is plain text.
_MARKUP = re.compile(r"<[a-zA-Z/!?]")
# Signs that Unicode files with the pictograms but that French uses in plain text.
_PLAIN_SIGNS = frozenset("°©®№™℗")
_DIRECTIONS = frozenset(
    {"R", "AL", "AN", "LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
)
_LINE_BREAKS = frozenset("\n\r\t")
# Variation selectors, the keycap and the joiner only build pictograms in our texts.
_PICTOGRAM_PARTS = frozenset("\ufe0e\ufe0f\u20e3\u200d")


@dataclass(frozen=True)
class Problem:
    """The first thing in a text that may not be there.

    :ivar kind: ``html``, ``control``, ``direction`` or ``pictogram``
    :ivar position: which character of the text, counted from 1
    :ivar found: the character, or the start of the tag
    """

    kind: ProblemKind
    position: int
    found: str


def _kind_of(character: str, multiline: bool) -> ProblemKind | None:
    if multiline and character in _LINE_BREAKS:
        return None
    if character in _PICTOGRAM_PARTS:
        return "pictogram"
    if unicodedata.bidirectional(character) in _DIRECTIONS:
        return "direction"
    category = unicodedata.category(character)
    if category in ("So", "Sk") and ord(character) > 0xFF:
        return None if character in _PLAIN_SIGNS else "pictogram"
    # Format characters are invisible; the soft hyphen is a habit of word processors.
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and character != "\xad":
        return "control"
    return None


def find_problem(text: str, multiline: bool = False) -> Problem | None:
    """Find the first thing in a text that may not be there.

    :param text: as typed
    :param multiline: whether line breaks and tabulations are allowed
    :returns: ``None`` for a plain text
    """
    for position, character in enumerate(text, start=1):
        kind = _kind_of(character, multiline)
        if kind:
            return Problem(kind, position, character)
    markup = _MARKUP.search(text)
    if markup:
        return Problem("html", markup.start() + 1, markup.group())
    return None

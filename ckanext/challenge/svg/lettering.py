"""Texts in pictures: made safe, measured and broken into lines, without any font."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# What XML cannot hold, or changes, and what turns the direction of writing: a title
# that CKAN took may have it all the same.
_NOT_XML = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2029\u202f-\u2065\u206a-\ud7ff"
    "\ue000-\ufffd\U00010000-\U0010ffff]"
)

# Advance widths of Verdana at 11 px, by class of letters.
_NARROW = frozenset("iljfrt.,:;!'|()[]/I ’ \u00a0\u202f")
_WIDE = frozenset("mwMW%@—")
_LEAST = 4.4

# Characters of the longest accessible name or description.
_LONGEST = 500


def said(text: object) -> Markup:
    """A text that stays a text wherever it stands in a document of XML."""
    return escape(plain(text))


def plain(text: object) -> str:
    """A text without what no document of XML can hold."""
    return _NOT_XML.sub("", str(text))


def cut(text: object) -> str:
    """A text for an accessible name or description, no longer than anybody listens."""
    whole = str(text)
    return whole if len(whole) <= _LONGEST else f"{whole[: _LONGEST - 1]}…"


def text_width(text: str, size: float = 11, bold: bool = False) -> int:
    """Width in pixels to reserve for a text.

    :param size: of its letters, in pixels
    """
    width = 0.0
    for letter in text:
        if letter in _NARROW:
            width += _LEAST
        elif letter in _WIDE:
            width += 10.5
        elif letter.isupper():
            width += 7.9
        else:
            width += 6.9
    return round(width * size / 11 * (1.12 if bold else 1))


def fold(
    text: str, width: float, size: float, lines: int = 2, bold: bool = False
) -> list[str]:
    """Break a text between its words, the last line cut with an ellipsis if it must be.

    However long the text is, only what the lines could hold is looked at.

    :param width: pixels that a line can take
    :param size: of the letters, in pixels
    :param lines: how many at most
    """

    def fits(line: str) -> bool:
        return text_width(line, size, bold) <= width

    # Letters that a line can hold at most, and one that is too many for it.
    most = int((width + 1) * 11 / (_LEAST * size)) + 1
    found: list[str] = []
    for word in " ".join(text.split())[: lines * (most + 1)].split():
        if found and (len(found) == lines or fits(f"{found[-1]} {word}")):
            found[-1] += f" {word}"
        else:
            found.append(word)
    for index, line in enumerate(found):
        if not fits(line):
            kept = min(len(line), most)
            while kept > 1 and not fits(line[:kept].rstrip() + "…"):
                kept -= 1
            found[index] = line[:kept].rstrip() + "…"
    return found

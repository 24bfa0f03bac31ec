"""Quotes of CSV that are opened and never closed: they swallow the lines below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

# What follows the doubled ones is a quote or the end: it never has to try again.
_END = re.compile('[^"]*(?:""[^"]*)*(?:"|$)')
_BREAKS = re.compile("\r\n|\r|\n")
_LINE_ENDS = frozenset({"", "\r", "\n"})


def unclosed(text: str, separator: str, is_spaced: bool = False) -> Iterator[int]:
    """Where quotes are opened that are never closed, or only by one of another line
    that stands in the middle of a cell.

    What follows such a quote is looked at as if it were not there.

    :param separator: the character between two cells
    :param is_spaced: whether a quote after a separator and spaces opens a cell
    """
    opener, position = _opener(separator, is_spaced), 0
    while opened := opener.search(text, position):
        position = opened.end()
        end = _END.match(text, position)
        assert end
        last = end.end()
        is_closed = text[last - 1 : last] == '"' and last > position
        if is_closed and (
            text[last : last + 1] == separator or text[last : last + 1] in _LINE_ENDS
        ):
            position = last
        elif is_closed and not _BREAKS.search(text, position, last):
            # "Les amis" de X: readers take it as it is meant.
            position = last
        else:
            yield opened.end() - 1


@cache
def _opener(separator: str, is_spaced: bool) -> re.Pattern[str]:
    spaces = " *" if is_spaced else ""
    return re.compile(rf'(?<![^{re.escape(separator)}\r\n]){spaces}"')


def closed(text: str, separator: str) -> tuple[str, tuple[int, ...]]:
    """A text without the quotes that are never closed, and the lines of these."""
    parts, lines = [], []
    start, line = 0, 1
    for place in unclosed(text, separator):
        part = text[start:place]
        line += len(_BREAKS.findall(part))
        parts.append(part)
        lines.append(line)
        start = place + 1
    return "".join([*parts, text[start:]]), tuple(lines)

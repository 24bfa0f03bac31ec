"""The badge that a town puts on its site: « open data | 7/15 étapes »."""

from __future__ import annotations

import hashlib

from markupsafe import escape

from .badge import FONT, NAMESPACE

__all__ = ["etag", "shield", "text_width"]

LABEL_COLOUR = "#1e2a35"
# Advance widths of Verdana at 11 px, by class of letters: the text is then held to
# the computed width (textLength), whatever font the reader has.
_NARROW = frozenset("iljfrt.,:;!'|()[]/I ’ ")
_WIDE = frozenset("mwMW%@—")


def text_width(text: str) -> int:
    """Width in pixels to reserve for a text at 11 pixels."""
    width = 0.0
    for letter in text:
        if letter in _NARROW:
            width += 4.4
        elif letter in _WIDE:
            width += 10.5
        elif letter.isupper():
            width += 7.9
        else:
            width += 6.9
    return round(width)


def shield(
    label: str, value: str, colour: str, *, title: str, description: str, language: str
) -> str:
    """A shield 20 pixels high, as its SVG text.

    :param label: the left part
    :param value: the right part, on ``colour``
    :param colour: ``#rrggbb``, dark enough for white text
    :param title: the accessible name
    :param description: the same with more words
    :param language: of the texts
    """
    left, right = text_width(label), text_width(value)
    first, second = left + 12, right + 12
    total = first + second
    return (
        f'<svg xmlns="{NAMESPACE}" width="{total}" height="20" '
        f'viewBox="0 0 {total} 20" role="img" aria-labelledby="title desc" '
        f'xml:lang="{escape(language)}"><title id="title">{escape(title)}</title>'
        f'<desc id="desc">{escape(description)}</desc>'
        f'<path fill="{LABEL_COLOUR}" d="M4 0h{first - 4}v20H4a4 4 0 0 1-4-4V4a4 4 0 0 '
        '1 4-4z"/>'
        f'<path fill="{escape(colour)}" d="M{first} 0h{second - 4}a4 4 0 0 1 4 4v12'
        f'a4 4 0 0 1-4 4h-{second - 4}z"/>'
        f'<g fill="#fff" font-family="{FONT}" font-size="11">'
        f'<text x="6" y="14" textLength="{left}">{escape(label)}</text>'
        f'<text x="{first + 6}" y="14" textLength="{right}">{escape(value)}</text>'
        "</g></svg>"
    )


def etag(document: str) -> str:
    """The strong validator of a document."""
    return hashlib.sha256(document.encode()).hexdigest()[:32]

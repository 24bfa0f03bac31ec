"""The badge that a town puts on its site: « open data | 7/15 étapes »."""

from __future__ import annotations

import hashlib

from .badge import FONT, NAMESPACE
from .lettering import cut, said, text_width
from .schemes import Scheme, phase_class, style

LABEL_COLOUR = "#1e2a35"


def progress_badge(
    label: str,
    value: str,
    colour: str,
    *,
    title: str,
    description: str,
    language: str,
    scheme: Scheme = "auto",
) -> str:
    """A line 20 pixels high, steps and level, as its SVG text.

    :param label: the left part
    :param value: the right part, on ``colour``
    :param colour: ``#rrggbb``, dark enough for white text
    :param title: the accessible name
    :param description: the same with more words
    :param language: of the texts
    :param scheme: ``auto`` follows what the reader's system asks for
    """
    # The text is held to the computed width, whatever font the reader has.
    left, right = text_width(label), text_width(value)
    first, second = left + 12, right + 12
    total = first + second
    kind = phase_class(colour)
    ground, ink = (f' class="{kind}"', f' class="{kind}-on"') if kind else ("", "")
    return (
        f'<svg xmlns="{NAMESPACE}" width="{total}" height="20" '
        f'viewBox="0 0 {total} 20" role="img" aria-labelledby="title desc" '
        f'xml:lang="{said(language)}"><title id="title">{said(cut(title))}</title>'
        f'<desc id="desc">{said(cut(description))}</desc>{style(scheme)}'
        f'<path class="c-label" fill="{LABEL_COLOUR}" d="M4 0h{first - 4}v20H4a4 4 0 0 '
        '1-4-4V4a4 4 0 0 1 4-4z"/>'
        f'<path{ground} fill="{said(colour)}" d="M{first} 0h{second - 4}a4 4 0 0 1 4 '
        f'4v12a4 4 0 0 1-4 4h-{second - 4}z"/>'
        f'<g fill="#fff" font-family="{FONT}" font-size="11">'
        f'<text class="c-on-label" x="6" y="14" textLength="{left}">{said(label)}'
        f'</text><text{ink} x="{first + 6}" y="14" textLength="{right}">'
        f"{said(value)}</text></g></svg>"
    )


def etag(document: str) -> str:
    """The strong validator of a document."""
    return hashlib.sha256(document.encode()).hexdigest()[:32]

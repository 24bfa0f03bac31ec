"""Larger pictures: a card that sites embed, and the one that social networks show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .badge import FONT, NAMESPACE, badge_body, drawing
from .lettering import cut, fold, said, text_width
from .schemes import Scheme, phase_class, style

#: Width and height of a social card: what the networks ask for.
SOCIAL = (1200, 630)

#: Width and height of the card that sites embed.
EMBED = (320, 104)

# It is drawn here, with letters that are narrower than those of browsers.
_SLIM = 0.86
_INK, _QUIET, _TRACK = "#1e2a35", "#55606b", "#dde3e9"


def _opening(width: float, height: float, title: str, text: str, language: str) -> str:
    return (
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="title desc" '
        f'xml:lang="{said(language)}"><title id="title">{said(cut(title))}</title>'
        f'<desc id="desc">{said(cut(text))}</desc>'
    )


def _lines(
    lines: Sequence[str], x: float, y: float, size: float, leading: float, *, more: str
) -> str:
    """Some lines of text, the first on ``y``."""
    return "".join(
        f'<text x="{x:g}" y="{y + leading * index:g}" font-size="{size:g}" {more}>'
        f"{said(line)}</text>"
        for index, line in enumerate(lines)
    )


def embed_card(
    badge: Mapping[str, Any] | None,
    name: str,
    words: str,
    percent: int | None,
    colour: str,
    *,
    title: str,
    description: str,
    language: str,
    scheme: Scheme = "auto",
) -> str:
    """A card for the foot of a town's site, as its SVG text.

    :param badge: to be drawn beside the words; nothing for none
    :param name: of the organization
    :param words: how far it is
    :param percent: the same from 0 to 100, for a bar; ``None`` for no bar
    :param colour: of the bar, ``#rrggbb``
    :param title: the accessible name
    :param description: the same with more words
    """
    width, height = EMBED
    left = 104 if badge else 16
    room = width - left - 12
    lines = fold(name, room, 15, bold=True)
    top = (40 if len(lines) == 1 else 30) + (8 if percent is None else 0)
    below = top + 18 * (len(lines) - 1) + 20
    kind = phase_class(colour)
    bar = ""
    if percent is not None:
        bar = (
            f'<rect class="c-track" fill="{_TRACK}" x="{left}" y="{below + 10}" '
            f'width="{room}" height="8" rx="4"/>'
        )
        if percent:
            bar += (
                f'<rect class="{kind}" fill="{said(colour)}" x="{left}" '
                f'y="{below + 10}" width="{room * percent / 100:.1f}" height="8" '
                'rx="4"/>'
            )
    told = fold(words, room, 12, 1)
    return (
        f"{_opening(width, height, title, description, language)}{style(scheme)}"
        f'<rect class="c-ground" x=".5" y=".5" width="{width - 1}" '
        f'height="{height - 1}" rx="8" fill="#fff" stroke="#d5dbe1"/>'
        + (
            f'<g transform="translate(12 12) scale(.8333)">{drawing(badge)}</g>'
            if badge
            else ""
        )
        + f'<g font-family="{FONT}">'
        + _lines(
            lines,
            left,
            top,
            15,
            18,
            more=f'class="c-ink" fill="{_INK}" font-weight="700"',
        )
        + _lines(told, left, below, 12, 16, more=f'class="c-quiet" fill="{_QUIET}"')
        + f"</g>{bar}</svg>"
    )


def social_card(
    title: str,
    lead: str,
    site: str,
    *,
    figures: Sequence[tuple[str, str]] = (),
    badge: Mapping[str, Any] | None = None,
    percent: int | None = None,
    colour: str = "#1d5fa6",
    language: str,
) -> str:
    """What social networks show of a page, 1200 by 630, as its SVG text.

    :param lead: the sentence under the title
    :param site: the name of the portal
    :param figures: at most four, each a number and what it counts
    :param badge: drawn at the right
    :param percent: how far, from 0 to 100: drawn as a bar over the figures
    :param colour: of the bar, ``#rrggbb``
    """
    width, height = SOCIAL
    room = 690 if badge else width - 2 * 72
    head = fold(title, room / _SLIM, 60, 3, bold=True)
    below = 190 + 70 * (len(head) - 1) + 64
    body = fold(lead, room / _SLIM, 32, 3 if len(head) < 3 else 2)
    top = fold(site, (width - 2 * 72) / _SLIM, 28, 1, bold=True)
    thirds = "".join(
        f'<rect x="{400 * index}" width="400" height="16" fill="{shade}"/>'
        for index, shade in enumerate(("#1d5fa6", "#9c4a06", "#1c6b3d"))
    )
    picture = (
        '<g transform="translate(826 118) scale(2.55)">' + badge_body(badge) + "</g>"
        if badge
        else ""
    )
    bar = ""
    if percent is not None:
        bar = (
            f'<rect x="72" y="466" width="{room}" height="16" rx="8" fill="{_TRACK}"/>'
        )
        if percent:
            bar += (
                f'<rect x="72" y="466" width="{room * percent / 100:.1f}" height="16" '
                f'rx="8" fill="{said(colour)}"/>'
            )
    return (
        f"{_opening(width, height, title, lead, language)}"
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
        f'{thirds}<rect y="500" width="{width}" height="130" fill="#f5f7f9"/>'
        f'{picture}{bar}<g font-family="{FONT}">'
        + _lines(top, 72, 96, 28, 0, more=f'fill="{_QUIET}" font-weight="700"')
        + _lines(head, 72, 190, 60, 70, more=f'fill="{_INK}" font-weight="700"')
        + _lines(body, 72, below, 32, 44, more=f'fill="{_INK}"')
        + _figures(figures)
        + "</g></svg>"
    )


def _figures(figures: Sequence[tuple[str, str]]) -> str:
    """The numbers at the foot of a card, each with what it counts."""
    found, x = "", 72.0
    for number, label in figures[:4]:
        found += _lines(
            [number], x, 566, 50, 0, more=f'fill="{_INK}" font-weight="700"'
        ) + _lines([label], x, 604, 26, 0, more=f'fill="{_QUIET}"')
        wide = max(text_width(number, 50, bold=True), text_width(label, 26))
        x += wide * _SLIM + 48
    return found

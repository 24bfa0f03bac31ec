"""The picture of a badge: a shape, its icon, its name and its level.

A shape for each badge, so that colour is never alone in telling them apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from .lettering import cut, fold, said, text_width

NAMESPACE = "http://www.w3.org/2000/svg"
FONT = "Verdana, 'DejaVu Sans', Geneva, sans-serif"
COLOURS = ("#1d5fa6", "#9c4a06", "#1c6b3d", "#6b3fa0", "#8a2b52", "#0f6b75")
#: Width and height of a badge with its name.
BADGE = (120, 132)
NOT_EARNED = "#55606b"
# Of the name below the picture: 11 pixels where the whole is 96 wide.
_NAME_SIZE, _NAME_WIDTH = 14, 110
# How much too long a line may be, that is drawn closer rather than cut.
_SQUEEZED = 1.25

# Drawn in a square of 96; the icon stands in the middle, from 32 to 64.
SHAPES: dict[str, str] = {
    "circle": '<circle cx="48" cy="48" r="42"/>',
    "hexagon": '<path d="M48 4 86 26v44L48 92 10 70V26z"/>',
    "shield": '<path d="M48 4c12 8 25 11 38 11v31c0 24-16 38-38 47C26 84 10 70 10 '
    '46V15c13 0 26-3 38-11z"/>',
    "square": '<rect x="9" y="9" width="78" height="78" rx="16"/>',
    "star": '<path d="m48 3 9.9 8.9 13-2.7 4.2 12.6 12.6 4.2-2.7 13L93 48l-8 9 2.7 '
    "13-12.6 4.2-4.2 12.6-13-2.7L48 93l-9.9-8.9-13 2.7-4.2-12.6L8.3 70 11 57l-8-9 "
    '8-9-2.7-13 12.6-4.2 4.2-12.6 13 2.7z"/>',
}

# Strokes in a square of 24.
ICONS: dict[str, str] = {
    "flag": '<path d="M5 22V3m0 1h13l-3 5 3 5H5"/>',
    "handshake": '<path d="m2 12 4-6 6 2 6-2 4 6-4 5-6 4-6-4zM12 8l-4 4 2 2 4-2 4 4"/>',
    "rocket": '<path d="M9 15c-2-2 0-9 9-12 3 9-6 13-9 12zm0 0-4 4m2-9-4 2 3 1m8 3-2 '
    '5-1-3"/><circle cx="14" cy="9" r="1.5"/>',
    "list": '<path d="M9 5h12M9 12h12M9 19h12M3 5h1m-1 7h1m-1 7h1"/>',
    "check": '<path d="m4 13 5 6L20 5"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 6v6l4 3"/>',
    "refresh": '<path d="M4 12a8 8 0 0 1 14-5l2 2m0-5v5h-5m5 3a8 8 0 0 1-14 5l-2-2m0 '
    '5v-5h5"/>',
    "unlock": '<rect x="4" y="11" width="16" height="10" rx="2"/><path d="M8 '
    '11V7a4 4 0 0 1 8-1m-4 9v2"/>',
    "trophy": '<path d="M7 3h10v7a5 5 0 0 1-10 0zm0 2H3v2a4 4 0 0 0 4 4m10-6h4v2a4 4 '
    '0 0 1-4 4m-5 4v4m-5 2h10"/>',
    "star": '<path d="m12 3 2.8 6 6.2.8-4.6 4.3 1.2 6.4L12 17.3l-5.6 3.2 1.2-6.4L3 '
    '9.8 9.2 9z"/>',
}
ICONS["book-open"] = (
    '<path d="M12 6c-2-2-5-2-9-2v14c4 0 7 0 9 2 2-2 5-2 9-2V4c-4 0-7 0-9 2zm0 0v14"/>'
)
ICONS["leaf"] = '<path d="M5 19C3 9 10 4 21 4c0 11-5 18-14 16M3 22c2-6 6-9 11-11"/>'
_ICON_OF = {
    "circle-check": "check",
    "hand": "handshake",
    "hands": "handshake",
    "upload": "rocket",
    "publish": "rocket",
    "tags": "list",
    "file-text": "list",
    "description": "list",
    "shield": "check",
    "fresh": "refresh",
    "open": "unlock",
    "lock-open": "unlock",
    "award": "trophy",
}


def _pick(options: Mapping[str, str], name: str) -> str:
    """A stable choice where the programme names none that is drawn here."""
    keys = sorted(options)
    return keys[sum(name.encode()) % len(keys)]


def _style(badge: Mapping[str, Any]) -> tuple[str, str, str]:
    key = str(badge.get("badge") or badge.get("key") or badge.get("name") or "")
    shape = str(badge.get("shape") or "")
    icon = str(badge.get("icon") or "")
    icon = _ICON_OF.get(icon, icon)
    colour = str(badge.get("colour") or "")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        colour = COLOURS[sum(key.encode()) % len(COLOURS)]
    return (
        shape if shape in SHAPES else _pick(SHAPES, key),
        icon if icon in ICONS else _pick(ICONS, key),
        colour,
    )


def drawing(badge: Mapping[str, Any]) -> str:
    """The shape with its icon and marks, in the square of 96."""
    shape, icon, colour = _style(badge)
    earned = bool(badge.get("earned", True))
    level = max(0, min(3, int(badge.get("level") or 0)))
    marks = "".join(
        f'<circle cx="{48 + 10 * (index - (level - 1) / 2):g}" cy="75" r="3.5"/>'
        for index in range(level)
    )
    if earned:
        body, line = f'<g fill="{colour}">{SHAPES[shape]}</g>', "#fff"
        inner = '<g fill="none" stroke="#fff" stroke-opacity=".55" stroke-width="1.5" '
        inner += f'transform="translate(4.8 4.8) scale(.9)">{SHAPES[shape]}</g>'
    else:
        line = NOT_EARNED
        body = f'<g fill="#f5f7f9" stroke="{NOT_EARNED}" stroke-width="1.5" '
        body += f'stroke-dasharray="4 3">{SHAPES[shape]}</g>'
        inner = ""
    return (
        f'{body}{inner}<g fill="none" stroke="{line}" stroke-width="2.2" '
        'stroke-linecap="round" stroke-linejoin="round" '
        f'transform="translate(30 {26 if level else 30}) scale(1.5)">{ICONS[icon]}</g>'
        f'<g fill="{line}">{marks}</g>'
    )


def badge_svg(badge: Mapping[str, Any], title: str = "") -> Markup:
    """The badge inside a page.

    :param badge: ``badge`` (its key), ``shape``, ``icon``, ``colour``, ``level`` and
        ``earned``; what is missing is chosen from the key
    :param title: the accessible name; without it the picture is decoration, its
        name standing beside it
    :returns: an ``<svg>`` element
    """
    name = (
        f'role="img" aria-label="{said(title)}"'
        if title
        else 'aria-hidden="true" focusable="false"'
    )
    return Markup(
        f'<svg viewBox="0 0 96 96" width="96" height="96" {name}>{drawing(badge)}</svg>'
    )


def badge_document(badge: Mapping[str, Any], description: str, language: str) -> str:
    """The badge as a file of its own, with its name below, readable at 96 pixels.

    :param badge: as for :func:`badge_svg`, with ``title``
    :param description: for ``<desc>``: what was earned, by whom, when
    :param language: of the texts
    """
    title = str(badge.get("title") or "")
    return (
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 120 132" width="120" height="132" '
        f'role="img" aria-labelledby="title desc" xml:lang="{said(language)}">'
        f'<title id="title">{said(cut(title))}</title>'
        f'<desc id="desc">{said(cut(description))}</desc>{badge_body(badge)}</svg>'
    )


def badge_body(badge: Mapping[str, Any]) -> str:
    """What :func:`badge_document` draws, in a rectangle of 120 by 132."""
    title = str(badge.get("title") or "")
    # The marks say the level already.
    lines = fold(
        title.partition(",")[0] if badge.get("level") else title,
        *(_NAME_WIDTH * _SQUEEZED, _NAME_SIZE),
        bold=True,
    )
    top = 112 if len(lines) == 1 else 105
    text = "".join(
        f'<text x="60" y="{top + 17 * index}"{_held(line)}>{said(line)}</text>'
        for index, line in enumerate(lines)
    )
    return (
        '<rect x="1" y="84" width="118" height="47" rx="6" fill="#0f1c2e"/>'
        f'<g transform="translate(12 0)">{drawing(badge)}</g>'
        f'<g fill="#fff" font-family="{FONT}" font-size="{_NAME_SIZE}" '
        f'font-weight="700" text-anchor="middle">{text}</g>'
    )


def _held(line: str) -> str:
    """A line that is too long for its place is drawn closer, and never beyond it."""
    if text_width(line, _NAME_SIZE, bold=True) <= _NAME_WIDTH:
        return ""
    return f' textLength="{_NAME_WIDTH}" lengthAdjust="spacingAndGlyphs"'

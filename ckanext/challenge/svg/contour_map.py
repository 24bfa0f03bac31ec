"""A map of what is open: outlines, each with the pattern and the colour of its class.

Patterns tell the classes apart in print and to whoever sees no colours; the picture has
a ground of its own, so that it is the same whatever page it stands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from .badge import NAMESPACE
from .lettering import cut, said
from .schemes import policy

_STROKES = {
    "conforming": "",
    "open": '<path class="m-line" d="M2.5 0v6"/>',
    "none": "",
    "share-3": "",
    "share-2": '<path class="m-line" d="M2.5 0v6M0 2.5h6"/>',
    "share-1": '<path class="m-line" d="M2.5 0v6"/>',
    "share-0": "",
}
#: Filled all over, without a pattern.
_FULL = ("conforming", "share-3")

#: Nothing that anybody wrote is ever in it: its digest is what the policy names.
SHEET = (
    ".m-ground,.m-tile{fill:#fff}"
    ".m-line{fill:none;stroke:#1d5fa6;stroke-width:2.5}"
    ".m-shapes path{stroke:#6b7681;stroke-width:.6;vector-effect:non-scaling-stroke}"
    ".m-shapes .m-lined path{stroke:#1d5fa6;stroke-width:1}"
    ".m-shapes .m-wide path{stroke:#1e2a35;stroke-width:1.4}"
    ".m-none{fill:#fff}.m-full{fill:#1c6b3d}"
    ".m-borders{fill:none;stroke:#1e2a35;stroke-width:1.4;"
    "vector-effect:non-scaling-stroke}"
    "@media (prefers-color-scheme:dark){"
    ".m-ground,.m-tile,.m-none{fill:#0f1c2e}.m-line{stroke:#7fb3ea}"
    ".m-full{fill:#6fce97}"
    ".m-shapes .m-lined path{stroke:#7fb3ea}.m-shapes .m-wide path{stroke:#fff}"
    ".m-shapes path{stroke:#8493a3}.m-borders{stroke:#fff}}"
    "@media (forced-colors:active){"
    ".m-ground,.m-tile,.m-none{fill:Canvas}.m-line{stroke:CanvasText}"
    ".m-full{fill:CanvasText}.m-shapes path{stroke:GrayText}"
    ".m-borders{stroke:CanvasText}}"
)
#: Lets a map have its sheet and nothing else.
POLICY = policy(SHEET)


def _fill(name: str) -> str:
    """The class and the paint of a class of places."""
    # The few shapes of which shares are told have a border of their own.
    wide = " m-wide" if name.startswith("share") else ""
    if name in _FULL:
        return f'class="m-full{wide}"'
    if _STROKES[name]:
        return f'class="{wide.strip() or "m-lined"}" fill="url(#{name})"'
    return f'class="m-none{wide}"'


def _patterns(names: Iterable[str]) -> str:
    found = "".join(
        f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<path class="m-tile" d="M0 0h6v6h-6z"/>{_STROKES[name]}</pattern>'
        for name in names
        if _STROKES[name]
    )
    return f"<defs>{found}</defs>" if found else ""


def contour_map(
    shapes: Sequence[Sequence[str]],
    classes: Mapping[str, str],
    *,
    width: int,
    height: int,
    title: str,
    description: str,
    language: str,
    borders: Sequence[str] = (),
) -> str:
    """A map as its SVG text: one picture with a name, in which nothing can be chosen.

    :param shapes: ``[code, path]`` each
    :param classes: of each code: ``conforming``, ``open``, ``none`` or ``share-0`` to
        ``share-3``; who is not in it is ``none``
    :param width: of the coordinates of the paths, as ``height``
    :param title: the accessible name
    :param description: the same with more words
    :param language: of the texts
    :param borders: paths drawn upon it, without a fill
    :raises KeyError: for a class that is none of these
    """
    groups: dict[str, list[str]] = {}
    for code, path in shapes:
        groups.setdefault(classes.get(code, "none"), []).append(f'<path d="{path}"/>')
    # What has most to tell is drawn last: its border is on top.
    names = [name for name in reversed(_STROKES) if name in groups]
    if unknown := groups.keys() - _STROKES.keys():
        raise KeyError(*unknown)
    drawn = "".join(
        f'<g {_fill(name)} data-class="{name}">{"".join(groups[name])}</g>'
        for name in names
    )
    above = "".join(f'<path d="{path}"/>' for path in borders)
    return (
        f'<svg xmlns="{NAMESPACE}" viewBox="-4 -4 {width + 8} {height + 8}" '
        f'width="{width + 8}" height="{height + 8}" role="img" '
        f'aria-labelledby="title desc" xml:lang="{said(language)}">'
        f'<title id="title">{said(cut(title))}</title>'
        f'<desc id="desc">{said(cut(description))}</desc><style>{SHEET}</style>'
        f"{_patterns(names)}"
        f'<path class="m-ground" d="M-4-4h{width + 8}v{height + 8}h-{width + 8}z"/>'
        f'<g class="m-shapes">{drawn}</g>'
        + (f'<g class="m-borders">{above}</g>' if above else "")
        + "</svg>"
    )


def swatch(name: str) -> Markup:
    """What a class looks like, as a small picture for a legend that has its name.

    :raises KeyError: for a class that there is not
    """
    stroke = _STROKES[name]
    # In a page there is no sheet: the colours stand in the drawing.
    fill = "#1c6b3d" if name in _FULL else "#fff"
    line = stroke.replace(
        'class="m-line"', 'fill="none" stroke="#1d5fa6" stroke-width="2.5"'
    )
    # The pattern of the map three times over.
    lines = "".join(
        f'<g transform="translate({x} {y})">{line}</g>'
        for x in (0, 6, 12)
        for y in (0, 6, 12)
        if line
    )
    return Markup(
        '<svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" '
        f'focusable="false"><path fill="{fill}" d="M0 0h18v18h-18z"/>{lines}'
        '<path fill="none" stroke="#55606b" d="M.5.5h17v17h-17z"/></svg>'
    )

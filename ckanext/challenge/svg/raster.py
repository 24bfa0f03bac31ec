"""The package's own drawings as PNG, for what shows no SVG: social networks, badges
that are carried around as files.

resvg draws, in this process and without network. Its letters are those of Source Sans
Pro, which a Python package brings: servers mostly have no fonts.
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from xml.etree.ElementTree import Element, ParseError

import resvg_py
from defusedxml.ElementTree import fromstring

#: Width and height of the biggest picture, which bounds its memory and its time.
MAX_PIXELS = 2400
#: Characters of the longest drawing.
MAX_TEXT = 200_000

_FAMILY = "Source Sans Pro"
_VIEW = re.compile(r"0 0 (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)")
# A drawing that names any other thing, such as a file, would have it read.
_OWN = ("#", "data:image/")
# Signs that the font lacks, and those it has in their place.
_ALIKE = str.maketrans({"\N{THIN SPACE}": "\u202f", "\N{NON-BREAKING HYPHEN}": "-"})
# Scripts that it lacks: there, and only there, the server's fonts are looked for, which
# takes its time.
_OTHER_SCRIPTS = re.compile("[\u0530-\u1dff\u2600-\U0010ffff]")


@functools.cache
def _fonts() -> list[str]:
    folder = resources.files("font_source_sans_pro") / "files"
    return [
        str(folder / f"SourceSansPro-{weight}.ttf") for weight in ("Regular", "Bold")
    ]


def _read(svg: str) -> Element:
    """The root of a drawing, read as resvg reads it: with neither DTD nor entities."""
    try:
        if len(svg) <= MAX_TEXT:
            return fromstring(svg, forbid_dtd=True)
    except (ParseError, ValueError):
        pass
    raise ValueError("This is no drawing of ours")


def _refers(element: Element) -> bool:
    """Whether an element refers to anything outside of its drawing."""
    return any(
        name.rpartition("}")[2] == "href" and not value.startswith(_OWN)
        for name, value in element.items()
    )


def png(svg: str, width: int) -> bytes:
    """Draw as pixels what :mod:`ckanext.challenge.svg` drew as SVG.

    A picture of 1200 × 630 takes about 50 ms of one core: keep what you get.

    :param svg: the text of the drawing; its ``viewBox`` starts at 0 0
    :param width: pixels; the height follows from the ``viewBox``
    :returns: the PNG file, with transparency
    :raises ValueError: no such drawing, one that refers to anything outside of itself,
        or one that would be larger than :data:`MAX_PIXELS` by :data:`MAX_PIXELS`
    """
    root = _read(svg)
    view = _VIEW.fullmatch(root.get("viewBox", ""))
    if view is None or any(map(_refers, root.iter())):
        raise ValueError("This is no drawing of ours")
    across, down = float(view[1]), float(view[2])
    height = width * down / across if across else 0
    if not (0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS):
        raise ValueError(f"Pictures have at most {MAX_PIXELS} × {MAX_PIXELS} pixels")
    svg = svg.translate(_ALIKE)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            width=width,
            skip_system_fonts=not _OTHER_SCRIPTS.search(svg),
            font_files=_fonts(),
            font_family=_FAMILY,
            sans_serif_family=_FAMILY,
        )
    )

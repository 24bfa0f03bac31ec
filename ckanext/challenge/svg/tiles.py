"""A region at a glance, without a map: a tile for each département, a cell for each
collectivité.

Classes are told apart by how their cells are filled, and never by colour alone: all is
drawn in the colour that the picture has where it stands, also in forced colours (which
leave alone what a drawing says of itself) and on paper. A class has one path in a tile;
what lies side by side is one rectangle of it, so that a country stays small.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from .lettering import cut, said

#: The classes of a cell, the fullest first: its data conform, are open, not yet.
CLASSES = "con"

#: Of a cell that is one unit wide: what is drawn of each class, in hundredths.
_DRAWN = {
    "c": '<path d="M0 0h{a}v{a}h-{a}z" fill="currentColor"/>',
    "o": '<path d="M0 0v{a}h{a}z" fill="currentColor"/>'
    '<path d="M{h} {h}h{b}v{b}h-{b}z" fill="none" stroke="currentColor"'
    ' stroke-width="{w}"/>',
    "n": '<path d="M{h} {h}h{b}v{b}h-{b}z" fill="none" stroke="currentColor"'
    ' stroke-opacity=".6" stroke-width="{w}"/>',
}
#: From so many tiles on, cells are small: (tiles at least, pixels, cells side by side).
_SCALES = ((13, 4, 20), (0, 8, 25))


class Tile(NamedTuple):
    """A département.

    :ivar title: its name
    :ivar text: what is said below the name, in a few words
    :ivar cells: the class of each collectivité, in their order: letters of
        :data:`CLASSES`
    """

    title: str
    text: str
    cells: str


class Legend(NamedTuple):
    """A class in words: its letter, and what is said of it."""

    letter: str
    text: str


def tiles(
    all_tiles: Sequence[Tile],
    legend: Iterable[Legend],
    *,
    title: str,
    description: str,
    prefix: str = "challenge-tiles",
) -> Markup:
    """The whole picture as HTML: one image with a name, and its legend.

    The tiles flow, so that they are read on a telephone too; hence HTML around the
    drawings. The image has no part that is read or reached alone: a table says it all.

    :param title: the accessible name
    :param description: what it shows, in a sentence or two with figures
    :param prefix: of the ids in it
    """
    size, columns = next(
        (size, columns) for least, size, columns in _SCALES if len(all_tiles) >= least
    )
    drawn = Markup("").join(
        Markup('<div class="challenge-tile"><b>{}</b><small>{}</small>{}</div>').format(
            said(tile.title), said(tile.text), _tile(tile.cells, size, columns, prefix)
        )
        for tile in all_tiles
    )
    return Markup(
        '<div class="challenge-tiles" role="img" aria-labelledby="{}-title"'
        ' aria-describedby="{}-desc">{}<span class="visually-hidden" id="{}-title">{}'
        '</span><span class="visually-hidden" id="{}-desc">{}</span>{}</div>'
        '<ul class="challenge-tiles">{}</ul>'
    ).format(
        prefix,
        prefix,
        _patterns(size, prefix),
        prefix,
        said(cut(title)),
        prefix,
        said(cut(description)),
        drawn,
        Markup("").join(
            Markup("<li>{} <span>{}</span></li>").format(
                _tile(part.letter * 4, size, 4, prefix), said(part.text)
            )
            for part in legend
        ),
    )


def _patterns(size: int, prefix: str) -> Markup:
    """How a cell of each class is filled, once for all tiles."""
    gap = 1
    sizes = {
        "a": size - gap,
        "b": size - gap - 1,
        "h": ".5",
        "w": 1,
    }
    patterns = "".join(
        f'<pattern id="{prefix}-{letter}" width="{size}" height="{size}"'
        f' patternUnits="userSpaceOnUse">{drawing.format(**sizes)}</pattern>'
        for letter, drawing in _DRAWN.items()
    )
    # Not hidden by display: a pattern in what is not displayed fills nothing. Among the
    # tiles, since it takes its colour from where it stands.
    return Markup(
        f'<svg class="position-absolute" width="0" height="0" aria-hidden="true"'
        f' focusable="false"><defs>{patterns}</defs></svg>'
    )


def _tile(cells: str, size: int, columns: int, prefix: str) -> Markup:
    rows = -(-len(cells) // columns)
    width, height = min(columns, max(len(cells), 1)) * size, rows * size
    paths = "".join(
        f'<path fill="url(#{prefix}-{letter})" d="{path}"/>'
        for letter in CLASSES
        if (path := _path(cells, letter, size, columns))
    )
    return Markup(
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' aria-hidden="true" focusable="false">{paths}</svg>'
    )


def _path(cells: str, letter: str, size: int, columns: int) -> str:
    """The cells of a class as rectangles, as few as there can be."""
    found: list[str] = []
    start = 0
    for one, run in groupby(cells):
        end = start + sum(1 for _ in run)
        if one == letter:
            found += _rectangles(start, end, size, columns)
        start = end
    return "".join(found)


def _rectangles(start: int, end: int, size: int, columns: int) -> Iterable[str]:
    """Cells that follow each other: the end of a row, whole rows, part of a row."""
    while start < end:
        row, column = divmod(start, columns)
        whole = (end - start) // columns if column == 0 else 0
        if whole:
            width, height = columns, whole
        else:
            width, height = min(columns - column, end - start), 1
        yield (
            f"M{column * size} {row * size}h{width * size}v{height * size}"
            f"h-{width * size}z"
        )
        start += width * height

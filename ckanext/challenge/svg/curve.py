"""How a figure went, month by month: one line, with its first and last value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from .lettering import cut, said

_WIDTH, _HEIGHT = 320, 130
_TOP, _BOTTOM, _SIDE = 24, 104, 6
_TEXT = 12


class Point(NamedTuple):
    """A value at a moment.

    :ivar value: what is drawn
    :ivar text: the value in words
    :ivar when: the moment in words
    """

    value: float
    text: str
    when: str


def curve(points: Sequence[Point], *, title: str, key: str) -> Markup:
    """The picture of some points in their order, at equal distances.

    All is drawn in the colour of the text. The scale begins at zero, so that a small
    change looks small.

    :param points: at least one
    :param title: the accessible name; the description is made of the ends
    :param key: the end of the ids in it
    """
    most = max((point.value for point in points), default=0) or 1
    step = (_WIDTH - 2 * _SIDE) / max(len(points) - 1, 1)
    places = [
        (
            _SIDE + at * step,
            _BOTTOM - (_BOTTOM - _TOP) * point.value / most,
        )
        for at, point in enumerate(points)
    ]
    first, last = points[0], points[-1]
    described = f"{first.when}: {first.text}. {last.when}: {last.text}."
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    ends = [(places[0], first, "start")]
    if len(points) > 1:
        ends.append((places[-1], last, "end"))
    drawn = "".join(_end(*end) for end in ends)
    return Markup(
        '<svg width="100%" role="img" viewBox="0 0 {} {}"'
        ' aria-labelledby="challenge-curve-{}-t challenge-curve-{}-d">'
        '<title id="challenge-curve-{}-t">{}</title>'
        '<desc id="challenge-curve-{}-d">{}</desc>'
        '<path d="M0 {}H{}" stroke="currentColor" stroke-opacity=".4"/>'
        '<path d="{}" fill="none" stroke="currentColor" stroke-width="2.5"'
        ' stroke-linejoin="round"/>{}</svg>'
    ).format(
        _WIDTH,
        _HEIGHT,
        key,
        key,
        key,
        said(cut(title)),
        key,
        said(cut(described)),
        _BOTTOM,
        _WIDTH,
        line,
        Markup(drawn),
    )


def _end(place: tuple[float, float], point: Point, anchor: str) -> str:
    x, y = place
    above = max(y - 9, _TEXT)
    edge = 0 if anchor == "start" else _WIDTH
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="currentColor"/>'
        f'<text x="{edge}" y="{above:.1f}" font-size="{_TEXT}" font-weight="700"'
        f' text-anchor="{anchor}" fill="currentColor">{said(point.text)}</text>'
        f'<text x="{edge}" y="{_HEIGHT - 8}" font-size="{_TEXT}"'
        f' text-anchor="{anchor}" fill="currentColor">{said(point.when)}</text>'
    )

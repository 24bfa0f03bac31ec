"""Drawings as pixels: of the right size, with letters, and reading nothing else."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ckanext.challenge.svg import raster
from ckanext.challenge.svg.badge import badge_document
from ckanext.challenge.svg.cards import social_card

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 63">{}</svg>'
LETTERS = '<text x="9" y="40" font-family="Verdana, sans-serif">{}</text>'
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(SIGNATURE)
    return struct.unpack(">II", picture[16:24])


def test_a_badge_becomes_a_picture_of_the_width_asked_for() -> None:
    badge = {"badge": "engagee", "title": "Collectivité engagée", "level": 2}
    document = badge_document(badge, "Baule, le 3 octobre 2026", "fr")
    assert size(raster.png(document, 240)) == (240, 264)
    assert size(raster.png(SVG.format(""), 1200)) == (1200, 630)


@pytest.mark.parametrize("letters", ["Données", "2\u202f100", "a\u2011b", "Ελλάδα"])
def test_letters_are_drawn_without_fonts_of_the_server(
    letters: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No two of them look the same, as the boxes of missing letters would."""
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "none"))
    drawn = raster.png(SVG.format(LETTERS.format(letters)), 240)
    assert drawn != raster.png(SVG.format(LETTERS.format("")), 240)
    box = raster.png(SVG.format(LETTERS.format("\u0378" * len(letters))), 240)
    assert drawn != box


@pytest.mark.parametrize(
    "svg",
    [
        "",
        "no drawing",
        '<svg viewBox="0 0 0 0"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 9000"/>',
        SVG.format('<image href="file:///etc/hostname"/>'),
        SVG.format("<image xlink:href='/etc/hostname'/>"),
        SVG.format(
            "<image a='>' xmlns:x='http://www.w3.org/1999/xlink' x:href='/etc/hosts'/>"
        ),
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;"),
        SVG.format("<path/>" * raster.MAX_TEXT),
    ],
)
def test_what_is_no_drawing_of_ours_is_not_drawn(svg: str) -> None:
    with pytest.raises(ValueError, match=r"no drawing|at most"):
        raster.png(svg, 200)


@pytest.mark.parametrize("title", ["Ville href=x", '"href="/etc', "<!-- Ville", "&a;"])
def test_a_title_may_look_like_what_is_refused(title: str) -> None:
    badge = {"badge": "engagee", "title": title, "level": 2}
    card = social_card(title, title, title, badge=badge, language=title)
    assert size(raster.png(card, 120)) == (120, 63)
    assert size(raster.png(badge_document(badge, title, "fr"), 120)) == (120, 132)


@pytest.mark.parametrize("width", [0, -1, raster.MAX_PIXELS + 1])
def test_pictures_are_bounded(width: int) -> None:
    with pytest.raises(ValueError, match="at most"):
        raster.png(SVG.format(""), width)

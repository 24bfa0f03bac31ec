"""The larger pictures, light and dark: whatever is written in them stays a text."""

from __future__ import annotations

import base64
import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.svg.badge import badge_document
from ckanext.challenge.svg.cards import embed_card, social_card
from ckanext.challenge.svg.lettering import fold, said, text_width
from ckanext.challenge.svg.progress_badge import progress_badge
from ckanext.challenge.svg.raster import png
from ckanext.challenge.svg.schemes import POLICY, SCHEMES, Scheme

SVG = "{http://www.w3.org/2000/svg}"
anything = st.text(max_size=80)


def _sheet(scheme: Scheme) -> str:
    words = {"title": "", "description": "", "language": "fr"}
    root = etree.fromstring(progress_badge("a", "b", "#1d5fa6", **words, scheme=scheme))
    return root.findtext(f"{SVG}style") or ""


@given(anything, anything, st.sampled_from(SCHEMES))
def test_texts_stay_texts(one: str, other: str, scheme: Scheme) -> None:
    said_by = {"title": one, "description": other, "language": "fr"}
    badge = {"badge": one, "title": other, "colour": one, "shape": other, "level": 2}
    for document in (
        progress_badge(one, other, "#1d5fa6", **said_by, scheme=scheme),
        embed_card(badge, one, other, 40, "#9c4a06", **said_by, scheme=scheme),
        social_card(
            one, other, one, figures=[(one, other)], badge=badge, language="fr"
        ),
    ):
        root = etree.fromstring(document.encode())
        assert {str(part.tag) for part in root.iter()} <= {
            f"{SVG}{name}"
            for name in (
                "svg title desc style path rect circle g text".split()  # noqa: SIM905
            )
        }
        assert (root.findtext(f"{SVG}style") or "") in ("", _sheet(scheme))
        assert (root.findtext(f"{SVG}title") or "") == str(said(one).unescape())


@given(st.text(), st.floats(40, 800), st.integers(1, 3))
def test_lines_fit(text: str, width: float, lines: int) -> None:
    found = fold(text, width, 15, lines)
    assert len(found) <= lines
    assert all(text_width(line, 15) <= width or len(line) <= 2 for line in found)
    if not any("…" in line for line in found):
        assert " ".join(found) == " ".join(text.split())


@pytest.mark.parametrize("text", ["a" * 100_000, "i " * 50_000, " " * 99_999 + "i"])
def test_a_title_without_end_costs_no_more_than_another(text: str) -> None:
    """Folding it letter by letter would take minutes, and its PNG would be refused."""
    badge = {"badge": "engagee", "title": text, "level": 2}
    words = {"title": text, "description": text, "language": "fr"}
    begun = time.process_time()
    drawn = [
        progress_badge("a", "b", "#1d5fa6", **words, scheme="auto"),
        embed_card(badge, text, text, 40, "#1d5fa6", **words, scheme="auto"),
        social_card(text, text, text, badge=badge, language="fr"),
        badge_document(badge, text, "fr"),
    ]
    assert time.process_time() - begun < 1
    assert max(map(len, drawn)) < 10_000
    for document in drawn:
        assert png(document, 120)


@pytest.mark.parametrize("scheme", ["auto", "dark"])
def test_its_policy_lets_this_very_sheet_in(scheme: Scheme) -> None:
    digest = base64.b64encode(hashlib.sha256(_sheet(scheme).encode()).digest())
    assert f"'sha256-{digest.decode()}'" in POLICY
    assert "unsafe" not in POLICY
    assert not _sheet("light")

"""The pictures: well-formed, told apart by shape, and closed to markup."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.svg.badge import ICONS, SHAPES, badge_document, badge_svg
from ckanext.challenge.svg.lettering import text_width
from ckanext.challenge.svg.progress_badge import progress_badge

# What XML 1.0 can carry at all.
texts = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
    max_size=60,
)


@pytest.mark.parametrize(
    ("shape", "icon", "level", "earned"),
    [
        (shape, icon, level, earned)
        for (shape, icon), level, earned in itertools.product(
            itertools.zip_longest(SHAPES, ICONS, fillvalue="circle"),
            (None, 1, 3),
            (True, False),
        )
    ],
)
def test_each_shape_and_icon_draws(
    shape: str, icon: str, level: int | None, earned: bool
) -> None:
    badge = {
        "badge": "x",
        "title": "Données ouvertes",
        "shape": shape,
        "icon": icon,
        "level": level,
        "earned": earned,
        "colour": "#1d5fa6",
    }
    picture = etree.fromstring(str(badge_svg(badge, title="Nom")))
    assert picture.get("aria-label") == "Nom"
    assert len(picture.xpath("//circle[@r='3.5']")) == (level or 0)
    document = etree.fromstring(badge_document(badge, "Par Baule", "fr").encode())
    assert document[0].text == "Données ouvertes"
    assert document[1].text == "Par Baule"


@given(texts, texts, texts)
def test_texts_stay_texts(title: str, description: str, colour: str) -> None:
    badge = {"badge": title, "title": title, "colour": colour, "icon": title}
    document = etree.fromstring(badge_document(badge, description, "fr").encode())
    assert (document[0].text or "") == title
    assert (document[1].text or "") == description
    drawn = progress_badge(
        "open data",
        title,
        "#1d5fa6",
        title=title,
        description=description,
        language="fr",
    )
    root = etree.fromstring(drawn.encode())
    assert {element.tag.partition("}")[2] for element in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "style",
        "path",
        "g",
        "text",
    }


@given(texts)
def test_a_name_takes_two_lines_at_most(title: str) -> None:
    badge = {"badge": "x", "title": title}
    document = etree.fromstring(badge_document(badge, "", "fr").encode())
    lines = document.findall(".//{http://www.w3.org/2000/svg}text")
    assert len(lines) <= 2
    for line in lines:
        # Where the font is wider than it should be, the line is held to its place.
        assert line.get("textLength") or text_width(line.text, 14, bold=True) <= 110


def test_the_width_grows_with_the_text() -> None:
    assert text_width("7/16 étapes") < text_width("16/16 étapes")
    assert text_width("iiii") < text_width("mmmm")

"""The picture of what is open."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.svg.contour_map import POLICY, SHEET, contour_map, swatch

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = [["a", "M0 0h4v4z"], ["b", "M4 0h4v4z"], ["c", "M8 0h4v4z"]]


def _drawn(**changes: Any) -> str:
    given: dict[str, Any] = {
        "shapes": SHAPES,
        "classes": {"a": "conforming", "b": "open"},
        "width": 12,
        "height": 4,
        "title": "Carte <des> communes",
        "description": "Trois & plus",
        "language": "fr",
    }
    return contour_map(**{**given, **changes})


def test_it_is_one_picture_with_a_name_and_nothing_to_choose() -> None:
    root = etree.fromstring(_drawn())
    assert root.get("role") == "img"
    named = root.get("aria-labelledby").split()
    texts = [root.find(f"*[@id='{name}']").text for name in named]
    assert texts == ["Carte <des> communes", "Trois & plus"]
    assert not list(root.iter(f"{SVG}a", f"{SVG}script"))
    assert len(list(root.iter(f"{SVG}title"))) == 1


def test_each_place_has_the_paint_of_its_class_and_a_pattern_where_one_is_due() -> None:
    root = etree.fromstring(_drawn())
    groups = {group.get("data-class"): group for group in root.iter(f"{SVG}g")}
    paths = {
        name: [path.get("d") for path in group]
        for name, group in groups.items()
        if name
    }
    assert paths == {
        "conforming": ["M0 0h4v4z"],
        "open": ["M4 0h4v4z"],
        "none": ["M8 0h4v4z"],
    }
    assert groups["open"].get("fill") == "url(#open)"
    assert [one.get("id") for one in root.iter(f"{SVG}pattern")] == ["open"]
    assert groups["conforming"].get("class") != groups["none"].get("class")


def test_a_class_that_there_is_not_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        _drawn(classes={"a": "best"})


def test_borders_are_drawn_upon_it() -> None:
    root = etree.fromstring(_drawn(borders=["M0 0h12v4z"]))
    assert root[-1].get("class") == "m-borders"


def test_its_policy_lets_in_its_sheet_alone() -> None:
    digest = base64.b64encode(hashlib.sha256(SHEET.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert "prefers-color-scheme:dark" in SHEET
    assert "forced-colors:active" in SHEET


@pytest.mark.parametrize("name", ["conforming", "open", "none", "share-2"])
def test_the_legend_shows_what_the_map_shows(name: str) -> None:
    root = etree.fromstring(str(swatch(name)))
    assert root.get("aria-hidden") == "true"
    assert not root.xpath("//@style")

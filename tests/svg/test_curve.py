"""How a figure went, month by month."""

from __future__ import annotations

import re

from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.svg.curve import Point, curve


def _points(*values: float) -> list[Point]:
    return [
        Point(value, f"{value:g} %", f"month {at}") for at, value in enumerate(values)
    ]


def test_it_has_a_name_and_says_its_ends() -> None:
    drawn = curve(_points(10, 12, 30), title="Publishing <now>", key="one")
    root = etree.fromstring(drawn)
    assert root.get("role") == "img"
    named = root.get("aria-labelledby").split()
    texts = {node.get("id"): node.text for node in root.iter() if node.get("id")}
    assert [texts[one] for one in named] == [
        "Publishing <now>",
        "month 0: 10 %. month 2: 30 %.",
    ]


def test_the_scale_begins_at_zero_and_the_most_is_on_top() -> None:
    drawn = curve(_points(0, 50, 100), title="x", key="one")
    line = re.findall(r'd="(M[^"]+L[^"]+)"', drawn)[0]
    heights = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", line)]
    assert heights == [104, 64, 24]


def test_one_point_and_nothing_but_zeros_are_drawn() -> None:
    for values in ((5,), (0, 0)):
        page = html.fromstring(curve(_points(*values), title="x", key="one"))
        assert len(page.xpath("//circle")) == len(values)

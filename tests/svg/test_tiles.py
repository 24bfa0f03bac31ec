"""A region at a glance: tiles of cells."""

from __future__ import annotations

import random
import re

import pytest
from lxml import html  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.svg.tiles import Legend, Tile, tiles

LEGEND = [Legend("c", "conforming data"), Legend("o", "data opened"), Legend("n", "no")]


def _drawn(*cells: str) -> str:
    return tiles(
        [Tile(f"Cher & {at}", "1 of 2", each) for at, each in enumerate(cells)],
        LEGEND,
        title="The region",
        description="What was opened <here>.",
    )


def _areas(page: str, letter: str) -> list[tuple[int, int, int, int]]:
    found: list[tuple[int, int, int, int]] = []
    for path in re.findall(rf'url\(#challenge-tiles-{letter}\)" d="([^"]+)"', page):
        for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)", path):
            found.append((int(x), int(y), int(width), int(height)))
    return found


def test_it_is_one_image_with_a_name_and_a_description() -> None:
    page = html.fromstring(f"<div>{_drawn('con')}</div>")
    (image,) = page.xpath("//*[@role='img']")
    (name,) = page.xpath("//*[@id=$id]", id=image.get("aria-labelledby"))
    (description,) = page.xpath("//*[@id=$id]", id=image.get("aria-describedby"))
    assert name.text_content() == "The region"
    assert description.text_content() == "What was opened <here>."
    assert not page.xpath("//a | //*[@tabindex]")
    assert all(one.get("aria-hidden") == "true" for one in page.xpath("//svg"))
    assert [one.text_content().strip() for one in page.xpath("//li")] == [
        "conforming data",
        "data opened",
        "no",
    ]
    assert "Cher & 0" in page.text_content()


def test_classes_differ_without_their_colour() -> None:
    page = _drawn("con")
    shapes = re.findall(r"<pattern [^>]+>(.+?)</pattern>", page)
    assert len(set(shapes)) == 3
    colours = set(re.findall(r'(?:fill|stroke)="([^"(]+)"', page))
    assert colours == {"currentColor", "none"}


@pytest.mark.parametrize("seed", range(5))
def test_each_cell_is_covered_once(seed: int) -> None:
    rng = random.Random(seed)
    cells = "".join(rng.choice("ccooonnnnn") for _ in range(rng.randint(1, 400)))
    page = str(_drawn(cells)).partition("<ul")[0]
    covered: dict[tuple[int, int], str] = {}
    for letter in "con":
        for x, y, width, height in _areas(page, letter):
            for column in range(x // 8, (x + width) // 8):
                for row in range(y // 8, (y + height) // 8):
                    assert (column, row) not in covered
                    covered[column, row] = letter
    assert covered == {(at % 25, at // 25): letter for at, letter in enumerate(cells)}


def test_a_region_and_a_country_stay_small() -> None:
    rng = random.Random(1)

    def departement(size: int) -> str:
        # The larger a collectivité is, the likelier it has opened something.
        return "".join(
            rng.choice("co") if rng.random() < 0.6 / (1 + at / 10) else "n"
            for at in range(size)
        )

    region = _drawn(*(departement(306) for _ in range(6)))
    country = _drawn(*(departement(359) for _ in range(101)))
    assert len(region) < 12_000
    assert len(country) < 150_000


def test_nothing_to_show_is_no_tile() -> None:
    assert 'challenge-tile"' not in _drawn()

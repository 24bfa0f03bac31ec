"""The badge on somebody else's page, as a browser shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

# A town's page, on another origin, with no script of ours.
HOST = """<!doctype html><title>Mairie</title><body>
<img id="badge" crossorigin="anonymous" src="{picture}" alt="">
<script>
  window.pixel = () => {{
    const picture = document.getElementById("badge")
    const canvas = document.createElement("canvas")
    canvas.width = picture.width
    canvas.height = picture.height
    const drawn = canvas.getContext("2d")
    drawn.drawImage(picture, 0, 0, picture.width, picture.height)
    return [...drawn.getImageData(3, 10, 1, 1).data].slice(0, 3)
  }}
</script>"""
LOADED = "document.getElementById('badge').naturalWidth > 0"


DARK, LIGHT = [0xDF, 0xE6, 0xED], [0x1E, 0x2A, 0x35]


def test_it_has_the_colours_of_the_page_that_shows_it(
    visit: Callable[..., Page], address: str, world: Any, tmp_path: Path
) -> None:
    host = tmp_path / "mairie.html"
    picture = f"{address}/challenge/badge/{world.participant['organization_name']}.svg"
    page = visit()
    looks: list[tuple[Any, str, list[int]]] = [
        ("light", "", LIGHT),
        ("dark", "?theme=light", LIGHT),
        ("light", "?theme=dark", DARK),
        ("dark", "", DARK),
    ]
    for device, theme, label in looks:
        page.emulate_media(color_scheme=device)
        host.write_text(HOST.format(picture=picture + theme))
        page.goto(host.as_uri())
        page.wait_for_function(LOADED)
        # Read through a canvas, which a picture without CORS would taint.
        assert page.evaluate("window.pixel()") == label, (device, theme)
    # By itself too: its own policy lets its sheet in, and nothing else.
    page.goto(picture)
    style = "getComputedStyle(document.querySelector('.c-label')).fill"
    assert page.evaluate(style) == f"rgb({', '.join(map(str, DARK))})"


def test_a_member_takes_its_text_without_a_script(
    visit: Callable[..., Page], world: Any
) -> None:
    name = world.participant["organization_name"]
    page = visit("member", scripts=False)
    page.goto(world.url)
    page.locator(f"a.btn[href='/challenge/badge/{name}']").click()
    page.locator("#filter-style").select_option("card")
    page.locator("#filter-style").press("Tab")
    page.locator(".challenge-filter button").click()
    text = page.locator("#snippet-html").input_value()
    assert "style=card" in text
    page.set_content(text)
    page.locator(f"a > img[alt*='{world.participant['organization_title']}']").click()
    page.wait_for_url(f"**{world.url}")

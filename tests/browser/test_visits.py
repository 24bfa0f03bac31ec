"""A visit is noted on a telephone in three taps, from whatever page one is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from playwright.sync_api import Page

from ckanext.challenge.model import Visit


def test_three_taps_from_a_page_of_the_catalogue(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit("manager", width=375)
    page.goto("/dataset/")
    taps = 0

    def tap(selector: str) -> None:
        nonlocal taps
        found = page.locator(selector)
        if "tap" in selector:
            # From whatever page it is on the screen without a turn of the finger.
            box, height = found.bounding_box(), page.viewport_size
            assert box and height and box["y"] + box["height"] <= height["height"]
        found.click()
        taps += 1

    tap(".challenge-tap a")
    tap(f"label[for='whom-{world.participant['id']}']")
    with page.expect_navigation():
        tap("form.challenge-form button[type=submit]")
    assert taps == 3
    assert "#visits" in page.url
    (noted,) = model.Session.query(Visit).all()
    assert (noted.participant_id, noted.state) == (world.participant["id"], "done")


def test_on_a_wide_screen_the_button_is_not_in_the_way(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit("adviser", width=1280)
    page.goto("/challenge")
    assert not page.locator(".challenge-tap").is_visible()

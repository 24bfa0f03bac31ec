"""A batch of decisions with the keyboard alone, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from factories import LIGNIERES, apply, call_as
from playwright.sync_api import Locator, Page, expect

LIST = "/en/challenge/manage/saison-3/applications"


def _tab_to(page: Page, wanted: Locator, most: int = 40) -> None:
    """Press the tabulator until that has the focus, and can be seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            outline = wanted.evaluate(
                "element => getComputedStyle(element).outlineStyle + ' ' + "
                "getComputedStyle(element).boxShadow"
            )
            assert outline != "none none"
            return
    raise AssertionError(f"{wanted} is not reached within {most} steps")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_two_files_are_decided_on_with_the_keyboard_alone(
    visit: Callable[..., Page], world: Any, scripts: bool
) -> None:
    for siren in LIGNIERES:
        apply(world.open_cohort, siren, contact_email=f"{siren}@example.org")
    page = visit("manager", scripts=scripts)
    page.goto(LIST)
    # The way from the search to the list to what is done with it, in this order.
    page.get_by_label("Name, SIREN").focus()
    page.keyboard.type("ligni")
    page.keyboard.press("Enter")
    expect(page.locator(".challenge-desk tbody tr")).to_have_count(2)
    page.wait_for_url("**q=ligni**")
    page.get_by_label("Name, SIREN").focus()
    for box in page.locator("input[name=ids]").all():
        _tab_to(page, box)
        page.keyboard.press("Space")
    choice = page.get_by_label("With those that are ticked")
    _tab_to(page, choice)
    page.keyboard.type("Put on")
    _tab_to(page, page.get_by_role("button", name="Continue"))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Put on the waiting list: 2 applications")
    expect(page.get_by_text(f"To: {LIGNIERES[0]}@example.org")).to_be_visible()
    page.get_by_label("Reason").focus()
    page.keyboard.type("Revenez au printemps.")
    _tab_to(page, page.get_by_role("button", name="Show the mails again"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_have_value("Revenez au printemps.")
    page.get_by_label("Reason").focus()
    _tab_to(page, page.locator("button[value=confirm]"))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("2 of 2 decided")
    _tab_to(page, page.get_by_role("link", name="Back to the list"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("No application matches these filters.")).to_be_visible()
    waiting = call_as(
        world.people["manager"], "challenge_waitlist_list", cohort="saison-3"
    )
    assert [row["siren"] for row in waiting["results"]] == list(LIGNIERES)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_one_file_is_decided_on_with_one_key_more(
    visit: Callable[..., Page], world: Any, scripts: bool
) -> None:
    made = apply(world.open_cohort, LIGNIERES[0])
    page = visit("manager", scripts=scripts)
    page.goto(f"/en/challenge/manage/saison-3/application/{made['id']}")
    page.get_by_label("Reason").focus()
    page.keyboard.type("Hors région.")
    _tab_to(page, page.locator("button[value=refuse]"))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Refuse: Lignières")
    expect(page.get_by_text("The application is closed.")).to_be_visible()
    # The button has the focus: the same key confirms.
    expect(page.locator("button[value=confirm]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("your decision is saved")).to_be_visible()
    shown = call_as(
        world.people["manager"], "challenge_application_show", id=made["id"]
    )
    assert shown["state"] == "refused"

"""What asks before it does, walked through without a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from factories import LIGNIERES, apply, call_as
from playwright.sync_api import Page


def _press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.locator(button).first.click()


def _application(world: Any, id_: str) -> dict[str, Any]:
    # The portal is another process: what this one has read may be old.
    model.Session.rollback()
    return call_as(world.people["sysadmin"], "challenge_application_show", id=id_)


def _team(world: Any) -> int:
    model.Session.rollback()
    sysadmin = world.people["sysadmin"]
    return call_as(sysadmin, "challenge_staff_list", cohort="saison-2")["count"]


@pytest.mark.seconds(30)
def test_a_manager_confirms_each_thing_without_scripts(
    visit: Callable[..., Page], world: Any
) -> None:
    """A decision, kept ones, a withdrawal, a season's state, somebody of the team."""
    page = visit("manager", scripts=False)
    desk = "/challenge/manage/saison-3"
    one = apply(world.open_cohort, LIGNIERES[0], contact_email="une@example.org")["id"]

    # What is missing is said, and nothing is done.
    page.goto(f"{desk}/application/{one}")
    _press(page, "button[name=decision][value=start]")
    page.goto(f"{desk}/application/{one}")
    _press(page, "button[name=decision][value=refuse]")
    assert page.locator(".challenge-error").count()
    page.fill("[name=reason]", "Hors du territoire.")
    _press(page, "button[name=decision][value=refuse]")
    assert _application(world, one)["state"] == "in_review"
    assert "Hors du territoire." in page.locator("body").inner_text()
    _press(page, "button[name=do][value=confirm]")
    assert _application(world, one)["state"] == "refused"

    # Kept, then dropped; kept again, then published.
    other = world.application["id"]
    page.goto(f"{desk}/application/{other}")
    _press(page, "button[name=decision][value=start]")
    for drops in (True, False):
        page.goto(f"{desk}/application/{other}")
        page.check("[name=pending]")
        _press(page, "button[name=decision][value=waitlist]")
        assert _application(world, other)["pending_decision"]
        if drops:
            page.goto(f"{desk}/application/{other}")
            _press(page, "form[action$='/pending'] button")
            assert _application(world, other)["pending_decision"]
            _press(page, "button[name=do][value=confirm]")
            assert not _application(world, other)["pending_decision"]
    page.goto(f"{desk}/applications/publish")
    _press(page, "form:has([name=shown]) button")
    assert _application(world, other)["state"] == "waitlisted"

    # A participant leaves, and comes back.
    page.goto(world.url)
    page.locator("summary", has_text="Retirer de la saison").click()
    page.fill("[name=leaving-reason]", "Plus personne pour suivre.")
    _press(page, "form[action$='/withdraw'] button")
    page.goto(world.url)
    assert "Plus personne pour suivre." in page.locator("body").inner_text()
    _press(page, "form[action$='/reinstate'] button")
    assert not page.locator("form[action$='/reinstate']").count()

    # The season ends: first it is shown, then it does.
    page.goto("/challenge/manage/saison-2/state?to=finished")
    _press(page, "button[name=to][value=finished]")
    model.Session.rollback()
    assert call_as(None, "challenge_cohort_show", id="saison-2")["state"] == "finished"

    # Somebody leaves the team: the adviser, whom a manager may let go.
    page.goto("/challenge/manage/saison-2/staff")
    _press(page, "form[action$='/delete'] button")
    assert _team(world) == 2
    _press(page, "button[name=do][value=confirm]")
    assert _team(world) == 1


def test_an_applicant_withdraws_and_erases_without_scripts(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit("applicant", scripts=False)
    id_ = world.application["id"]
    page.goto(f"/challenge/application/{id_}")
    shut = page.locator("details:has(button[value=withdraw]) > summary")
    if shut.count():
        shut.click()
    _press(page, "button[value=withdraw]")
    assert _application(world, id_)["state"] == "withdrawn"
    _press(page, "a[href*='/erase']")
    assert _application(world, id_)["contact_email"]
    _press(page, "form[action$='/erase'] button")
    assert not _application(world, id_)["contact_email"]
